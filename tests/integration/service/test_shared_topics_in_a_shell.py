"""Commands that ask Kafka, on topics and groups of others: of a project, and shared one by one."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition

from tests.integration.broker.node import Node
from tests.integration.service.replica import await_that
from tests.integration.service.shell import Shell
from tests.integration.service.test_sessions import kafka_settings, produce

RECORDS = 3


@pytest.fixture
def settings_of(broker: Node) -> Callable[[Shell], dict[str, Any]]:
    """Settings of somebody's Kafka clients."""
    return lambda shell: kafka_settings(shell.told("key", "create"), broker)


def namespace_of(shell: Shell) -> str:
    (namespace,) = shell.told("topic", "list")["namespaces"]
    return str(namespace)


def doctor(shell: Shell, *words: str) -> dict[str, dict[str, str]]:
    """Findings by check."""
    done = shell.run("doctor", *words, "--json")
    return {check["check"]: check for check in json.loads(done.stdout)["checks"]}


@pytest.fixture
def project(
    shells: Callable[[], Shell], settings_of: Callable[[Shell], dict[str, Any]]
) -> tuple[str, Shell, Shell]:
    """A project with a topic ``frames``, its owner, and a member who is let in by the brokers."""
    ada, grace = shells(), shells()
    name = f"p-{uuid.uuid4().hex[:10]}"
    ada.told("project", "create", name)
    ada.told("topic", "create", f"{name}.frames")
    ada.told("project", "add", name, grace.username)
    settings = settings_of(grace)
    for _ in range(RECORDS):
        await_that(lambda: produce(settings, f"{name}.frames", b"frame") is None)
    return name, ada, grace


def test_member_sees_and_sets_groups_of_the_project_and_nobody_else_does(
    project: tuple[str, Shell, Shell],
    shells: Callable[[], Shell],
    settings_of: Callable[[Shell], dict[str, Any]],
) -> None:
    name, ada, grace = project
    ada.told("topic", "create", "private")
    private = f"{namespace_of(ada)}.private"
    settings = settings_of(ada)
    with closing(Consumer({**settings, "group.id": f"{name}.readers"})) as consumer:
        consumer.commit(offsets=[TopicPartition(f"{name}.frames", 0, 2)], asynchronous=False)
    hidden = {**settings, "group.id": f"{name}.hidden", "group.protocol": "consumer"}
    with closing(Consumer(hidden)) as reader:
        reader.subscribe([private])
        await_that(lambda: reader.poll(0.1) is not None or bool(reader.assignment()))

        listed = {group["name"]: group["state"] for group in grace.told("group", "list")["groups"]}
        refused = grace.run("group", "lag", f"{name}.hidden")

    assert set(listed) == {f"{name}.readers", f"{name}.hidden"}
    assert listed[f"{name}.readers"] == "empty"
    assert "a topic that it reads" in str(refused.exception)
    assert grace.told("group", "lag", f"{name}.readers")["lag"] == RECORDS - 2
    grace.told("group", "reset", f"{name}.readers", "--to", "earliest", "--topic", "frames")
    assert grace.told("group", "lag", f"{name}.readers")["lag"] == RECORDS
    stranger = shells()
    assert stranger.told("group", "list")["groups"] == []
    assert "GROUP_AUTHORIZATION_FAILED" in str(stranger.run("group", "lag", f"{name}.readers").exception)


def test_settings_name_the_projects_group_to_its_members_and_ones_own_to_others(
    project: tuple[str, Shell, Shell], shells: Callable[[], Shell]
) -> None:
    name, ada, grace = project
    guest = shells()
    ada.told("topic", "share", f"{name}.frames", guest.username, "--read")

    def group(shell: Shell, *words: str) -> str:
        text = shell.told("config", "librdkafka", *words)["text"]
        (line,) = [line for line in text.splitlines() if line.startswith("group.id=")]
        return str(line.removeprefix("group.id="))

    assert group(grace, "--topic", f"{name}.frames") == f"{name}.readers"
    assert group(grace) == f"{namespace_of(grace)}.readers"
    assert group(guest, "--topic", f"{name}.frames") == f"{namespace_of(guest)}.readers"
    assert group(grace, "--topic", f"{name}.frames", "--group", "other.group") == "other.group"


@pytest.mark.long
def test_doctor_finds_a_project_and_a_shared_topic_in_order(
    project: tuple[str, Shell, Shell], shells: Callable[[], Shell]
) -> None:
    name, ada, grace = project
    guest = shells()
    guest.told("key", "create")
    topic = f"{name}.frames"

    of_member = doctor(grace, "--topic", topic, "--group", f"{name}.readers")
    assert {check["status"] for check in of_member.values()} == {"ok"}, of_member
    assert f"{topic}, offset {RECORDS}: " in of_member["records"]["detail"]

    assert "not in your ns-" in doctor(guest, "--topic", topic)["policy"]["detail"]
    ada.told("topic", "share", topic, guest.username, "--manage")
    assert (
        "you may manage it, and neither read nor write" in doctor(guest, "--topic", topic)["policy"]["detail"]
    )
    for right, said in (("read", "offset 0: "), ("write", " ms to produce")):
        ada.told("topic", "share", topic, guest.username, f"--{right}")
        await_that(lambda: doctor(guest, "--topic", topic)["policy"]["status"] == "ok")  # within seconds
        found = doctor(guest, "--topic", topic, "--group", "readers")
        assert f"describe, {right} {topic}, which is all" in found["policy"]["detail"]
        assert found["records"]["status"] == "ok", found["records"]
        assert said in found["records"]["detail"]
        assert ("consume" in found["records"]["detail"]) == (right == "read")
        assert f"use {namespace_of(guest)}.readers" in found["group"]["fix"]
        ada.told("topic", "unshare", topic, guest.username, f"--{right}")

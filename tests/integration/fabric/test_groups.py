"""`octopus group`: one's own consumer groups of both protocols, with one's own key."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from confluent_kafka import Consumer

from tests.integration.fabric.conftest import RunningFabric
from tests.integration.fabric.kafka import SECONDS, person, produce

OWNER = "group-owner"
TOPIC = "grouped"
RECORDS = 10


@pytest.fixture(scope="module", params=["classic", "consumer"])
def group(fabric: RunningFabric, request: pytest.FixtureRequest) -> str:
    """A group of each protocol that has read 4 of 10 records and has no members now."""
    name = f"readers-{request.param}"
    if request.param == "classic":
        produce(fabric, OWNER, TOPIC, RECORDS)
    with _reading(fabric, name, request.param) as consumer:
        for _ in range(4):
            message = consumer.poll(SECONDS)
            assert message is not None
            assert message.error() is None
            consumer.commit(message, asynchronous=False)
    return name


@contextmanager
def _reading(fabric: RunningFabric, name: str, protocol: str) -> Iterator[Consumer]:
    settings, namespace = person(fabric, OWNER)
    consumer = Consumer(
        {
            **settings,
            "group.id": f"{namespace}.{name}",
            "group.protocol": protocol,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "client.id": "reader",
        }
    )
    try:
        consumer.subscribe([f"{namespace}.{TOPIC}"])
        yield consumer
    finally:
        consumer.close()


def _octopus(fabric: RunningFabric, *arguments: str, check: bool = True) -> Any:
    return fabric.octopus("group", *arguments, "--as", OWNER, check=check)


def _lag(fabric: RunningFabric, name: str) -> dict[str, Any]:
    (partition,) = _octopus(fabric, "lag", name)["partitions"]
    return dict(partition)


def test_group_is_listed_with_its_protocol(fabric: RunningFabric, group: str) -> None:
    groups = {one["name"].partition(".")[2]: one for one in _octopus(fabric, "list")["groups"]}
    assert groups[group]["state"] == "empty"
    assert groups[group]["protocol"] == group.removeprefix("readers-")
    assert groups[group]["members"] == []


def test_lag_counts_what_was_not_read(fabric: RunningFabric, group: str) -> None:
    _octopus(fabric, "reset", group, "--to", "4")
    assert (_lag(fabric, group)["committed"], _lag(fabric, group)["end"]) == (4, RECORDS)
    assert _lag(fabric, group)["lag"] == RECORDS - 4


def test_dry_run_prints_the_plan_and_changes_nothing(fabric: RunningFabric, group: str) -> None:
    _octopus(fabric, "reset", group, "--to", "4")
    planned = _octopus(fabric, "reset", group, "--to", "earliest", "--dry-run")
    (move,) = planned["plan"]
    assert (move["before"], move["after"]) == (4, 0)
    assert planned["changed"] is False
    assert _lag(fabric, group)["committed"] == 4


@pytest.mark.parametrize(
    ("to", "expected"),
    [("latest", RECORDS), ("earliest", 0), ("+3", 3), ("-100", 0), ("7", 7), ("2020-01-01", 0)],
)
def test_reset_moves_the_group(fabric: RunningFabric, group: str, to: str, expected: int) -> None:
    _octopus(fabric, "reset", group, "--to", "earliest")
    _octopus(fabric, "reset", group, "--to", to)
    assert _lag(fabric, group)["committed"] == expected


def test_reset_to_a_later_time_is_the_end(fabric: RunningFabric, group: str) -> None:
    tomorrow = time.strftime("%Y-%m-%dT%H:%M", time.gmtime(time.time() + 86_400))
    _octopus(fabric, "reset", group, "--to", tomorrow, "--topic", f"{TOPIC}:0")
    assert _lag(fabric, group)["committed"] == RECORDS


def test_group_with_members_is_not_reset(fabric: RunningFabric, group: str) -> None:
    _octopus(fabric, "reset", group, "--to", "earliest")
    with _reading(fabric, group, group.removeprefix("readers-")) as consumer:
        assert consumer.poll(SECONDS) is not None
        refused = fabric.command("group", "reset", group, "--to", "latest", "--as", OWNER)
        assert refused.returncode == 1
        assert "has 1 member(s) (reader at 127.0.0.1): stop them first" in refused.stderr
    assert _lag(fabric, group)["committed"] == 0


def test_partition_without_a_commit_is_shown_as_such(fabric: RunningFabric) -> None:
    produce(fabric, OWNER, TOPIC, 1)
    with _reading(fabric, "silent", "classic") as consumer:
        assert consumer.poll(SECONDS) is not None
        shown = fabric.command("group", "lag", "silent", "--as", OWNER)
        (partition,) = _octopus(fabric, "lag", "silent")["partitions"]
    assert partition["committed"] is None
    assert partition["lag"] is None
    assert "never" in shown.stdout


def test_foreign_group_is_neither_listed_nor_shown_nor_reset(fabric: RunningFabric, group: str) -> None:
    _, namespace = person(fabric, OWNER)
    foreign = f"{namespace}.{group}"
    assert fabric.octopus("group", "list", "--as", "group-stranger")["groups"] == []
    for command in (["lag", foreign], ["reset", foreign, "--to", "latest"]):
        refused = fabric.command("group", *command, "--as", "group-stranger")
        assert refused.returncode == 1
        assert "GROUP_AUTHORIZATION_FAILED" in refused.stderr


def test_foreign_topic_is_no_place_to_set_a_group_to(fabric: RunningFabric) -> None:
    _, namespace = person(fabric, OWNER)
    refused = fabric.command(
        "group", "reset", "mine", "--to", "0", "--topic", f"{namespace}.{TOPIC}", "--as", "group-stranger"
    )
    assert refused.returncode == 1
    assert "TOPIC_AUTHORIZATION_FAILED" in refused.stderr


def test_unknown_group_is_named(fabric: RunningFabric) -> None:
    _, namespace = person(fabric, OWNER)
    refused = fabric.command("group", "lag", "nowhere", "--as", OWNER)
    assert refused.returncode == 1
    assert f"There is no consumer group {namespace}.nowhere" in refused.stderr

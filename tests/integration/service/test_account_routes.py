"""Accounts over HTTPS and by the command: shown, moved, wiped, deleted; and what Kafka makes of a move."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaError

from tests.commands import Commands
from tests.integration.broker.node import Node
from tests.integration.globus.process import StandIn
from tests.integration.service.replica import Person, Replica, await_that, new_person
from tests.integration.service.test_sessions import kafka_settings, produce
from tests.patience import PATIENCE_S

ACCOUNT = "/api/v3/account"


@pytest.fixture
def old(replica: Replica, new_people: Callable[[], Person]) -> Person:
    """The identity that somebody leaves, with a topic."""
    made = new_people()
    made.get(replica, "POST", "/api/v3/user")
    made.get(replica, "POST", f"/api/v3/{made.namespace}/events")
    return made


def test_account_is_shown_before_and_after_it_is_made(replica: Replica, person: Person) -> None:
    before = person.get(replica, "GET", ACCOUNT)
    assert (before["state"], before["namespaces"]) == (None, {})
    person.get(replica, "POST", "/api/v3/key")

    shown = person.get(replica, "GET", ACCOUNT)

    assert (shown["subject"], shown["state"]) == (person.subject, "active")
    assert shown["namespaces"] == {person.namespace: []}
    assert shown["use"] == {"topics": 0, "keys": 1, "sessions": 0}


def test_moved_topics_are_the_new_identitys_on_kafka_and_the_old_key_ends(
    replica: Replica, person: Person, old: Person, broker: Node
) -> None:
    topic = f"{old.namespace}.events"
    old_key = kafka_settings(old.get(replica, "POST", "/api/v3/key"), broker)
    new_key = kafka_settings(person.get(replica, "POST", "/api/v3/key"), broker)
    assert produce(old_key, topic, b"mine") is None
    refused = produce(new_key, topic, b"not yet mine")
    assert refused is not None
    assert refused.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED

    moved = person.get(replica, "POST", f"{ACCOUNT}/move", {"token": old.token})

    assert moved["namespaces"] == sorted([old.namespace, person.namespace])
    await_that(lambda: produce(new_key, topic, b"mine still") is None)
    await_that(lambda: produce(old_key, topic, b"mine no more") is not None)
    assert person.get(replica, "GET", "/api/v3/namespace")["namespaces"] == {
        old.namespace: ["events"],
        person.namespace: [],
    }
    assert person.get(replica, "POST", f"{ACCOUNT}/move", {"token": old.token}) == moved


@pytest.mark.parametrize(
    "body",
    [
        {"token": "x" * 40},
        {"token": ["topsecrettopsecrettopsecrettopsecret"]},
        {"old_token": "topsecrettopsecrettopsecrettopsecret"},
        "topsecrettopsecrettopsecrettopsecret",
    ],
)
def test_move_without_a_good_token_is_refused_and_says_nothing_of_it(
    replica: Replica, person: Person, body: Any
) -> None:
    reply = person.call(replica, "POST", f"{ACCOUNT}/move", body=body)

    assert reply.status_code == 422
    assert reply.json()["message"].startswith(("token: ", "body"))
    assert "topsecret" not in reply.text
    assert "x" * 40 not in reply.text


def test_commands_show_what_goes_before_it_goes(
    replica: Replica, globus: StandIn, commands: Commands, tmp_path: Path
) -> None:
    name = f"p{uuid.uuid4().hex[:10]}"
    old, secret = new_person(globus, name), globus.identity(name).secret
    old.get(replica, "POST", "/api/v3/user")
    old.get(replica, "POST", f"/api/v3/{old.namespace}/events")
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
        "DIASPORA_SDK_CLIENT_ID": old.subject,
        "DIASPORA_SDK_CLIENT_SECRET": secret,
        "OCTOPUS_HOME": str(tmp_path / "home"),
        "OCTOPUS_SERVICE_PORT": str(replica.port),
        "OCTOPUS_GLOBUS_PORT": str(globus.port),
    }

    def run(*arguments: str, answer: str = "") -> subprocess.CompletedProcess[str]:
        return commands.run("account", *arguments, environment=environment, answer=answer, seconds=PATIENCE_S)

    assert f"{old.namespace}: events" in run("show").stdout
    plan = json.loads(run("delete", "--dry-run", "--json").stdout)["plan"]
    assert plan["namespaces"] == {old.namespace: {"topics": ["events"], "groups": [], "grants": []}}

    refused = run("wipe", answer="n\n")
    assert refused.returncode == 1
    assert f"{old.namespace}: topics events" in refused.stdout
    assert run("wipe", "--json").returncode == 2, "a program is asked nothing"
    assert old.get(replica, "GET", "/api/v3/namespace")["namespaces"] == {old.namespace: ["events"]}

    assert json.loads(run("wipe", "--yes", "--json").stdout)["contents"]["topics"] == ["events"]
    assert old.get(replica, "GET", "/api/v3/namespace")["namespaces"] == {old.namespace: []}
    assert run("delete", answer="y\n").returncode == 0
    assert old.get(replica, "GET", ACCOUNT)["state"] == "deleting"

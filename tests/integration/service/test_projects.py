"""A project over the wire: its members at Kafka, its end, and the commands of those who run it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from confluent_kafka import KafkaError

from octopus.kafka.admin import TopicAdmin
from octopus.web.assembly import Features
from tests.integration.broker.node import Node
from tests.integration.service.deployment import Deployment
from tests.integration.service.replica import Person, Replica, await_that
from tests.integration.service.shell import Shell
from tests.integration.service.test_sessions import consume, kafka_settings, produce

CARRIED_S = 5.0
"""From the reply into Kafka's decisions."""
REFUSED = (KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.SASL_AUTHENTICATION_FAILED)


@pytest.fixture
def name(replica: Replica, person: Person) -> str:
    """A project of the person's, with a topic ``frames``."""
    made = f"p-{uuid.uuid4().hex[:10]}"
    person.get(replica, "POST", f"/api/v3/projects/{made}", {"description": "frames"})
    person.get(replica, "POST", f"/api/v3/{made}/frames")
    return made


@pytest.fixture
def member(replica: Replica, new_people: Callable[[], Person]) -> Person:
    """Somebody with an account."""
    somebody = new_people()
    somebody.get(replica, "POST", "/api/v3/user")
    return somebody


@pytest.fixture
def writes(replica: Replica, broker: Node) -> Callable[[Person, str], Callable[[], bool]]:
    """Makes questions whether a person may write to a topic, each on a connection of its own."""

    def make(person: Person, topic: str) -> Callable[[], bool]:
        settings = kafka_settings(person.get(replica, "POST", "/api/v3/key"), broker)

        def may_write() -> bool:
            error = produce(settings, topic, b"frame")
            assert error is None or error.code() in REFUSED, error
            return error is None

        return may_write

    return make


def seconds_until(holds: Callable[[], bool]) -> float:
    began = time.monotonic()
    await_that(holds)
    return time.monotonic() - began


def test_member_writes_while_he_is_one_and_the_project_ends_without_a_trace(
    replicas: list[Replica],
    replica: Replica,
    person: Person,
    member: Person,
    name: str,
    writes: Callable[[Person, str], Callable[[], bool]],
    kafka: TopicAdmin,
    deployment: Deployment,
    features: Features,
    promised: Callable[[float, float], None],
) -> None:
    may_write = writes(member, f"{name}.frames")
    assert not may_write()
    members = f"/api/v3/projects/{name}/members"
    given = person.get(replica, "POST", members, {"who": member.subject})
    promised(seconds_until(may_write), CARRIED_S)
    member.get(replicas[1], "POST", f"/api/v3/{name}/more")
    listed = member.get(replicas[1], "GET", "/api/v3/projects")["projects"]
    assert [project["name"] for project in listed] == [name]

    person.get(replicas[1], "DELETE", f"{members}/{given['grant']['id']}")
    promised(seconds_until(lambda: not may_write()), CARRIED_S)

    person.get(replica, "POST", members, {"who": member.subject})
    plan = person.get(replica, "DELETE", f"/api/v3/projects/{name}?dry_run=true")["plan"]
    assert (plan["topics"], plan["grants"]) == (["frames", "more"], 2)
    person.get(replica, "DELETE", f"/api/v3/projects/{name}")
    person.get(replicas[1], "DELETE", f"/api/v3/projects/{name}")
    refused = person.call(replica, "GET", f"/api/v3/projects/{name}")
    assert refused.status_code == 403
    await_that(lambda: not may_write())

    def rows() -> list[tuple[str, str]]:
        items = deployment.items(deployment.settings.registry_table)
        keys = [(item["pk"]["S"], item["sk"]["S"]) for item in items]
        passing = ("AUDIT#", "OUTBOX#", "LEASE#")
        return [key for key in keys if name in str(key) and not key[0].startswith(passing)]

    await_that(lambda: rows() == [(f"NAMESPACE#{name}", "NAMESPACE")])
    assert kafka.list_topics(f"{name}.") == {}
    assert features.accounts.find(member.subject) is not None
    again = person.call(replica, "POST", f"/api/v3/projects/{name}")
    assert again.status_code == 422
    assert "no name is given twice" in again.json()["message"]


def test_project_past_its_end_is_read_and_not_written(
    replica: Replica,
    person: Person,
    member: Person,
    name: str,
    writes: Callable[[Person, str], Callable[[], bool]],
    broker: Node,
    promised: Callable[[float, float], None],
) -> None:
    person.get(replica, "POST", f"/api/v3/projects/{name}/members", {"who": member.subject})
    may_write = writes(member, f"{name}.frames")
    await_that(may_write)
    ends = datetime.now(UTC) + timedelta(seconds=3)
    person.get(replica, "PATCH", f"/api/v3/projects/{name}", {"ends": ends.isoformat()})

    await_that(lambda: not may_write())

    described = member.get(replica, "GET", f"/api/v3/projects/{name}")["project"]
    assert (described["standing"], described["my_rights"]) == ("frozen", ["read"])
    key = member.get(replica, "POST", "/api/v3/key")
    assert consume(kafka_settings(key, broker), f"{name}.frames", f"{member.namespace}.late") == b"frame"
    frozen = member.call(replica, "POST", f"/api/v3/{name}/another")
    assert frozen.status_code == 403
    person.get(replica, "PATCH", f"/api/v3/projects/{name}", {"ends": None})
    promised(seconds_until(may_write), CARRIED_S)


def test_of_two_at_once_one_gets_the_name_and_one_owner_stays(
    replicas: list[Replica], person: Person, member: Person
) -> None:
    name = f"p-{uuid.uuid4().hex[:10]}"

    def at_once(*calls: Callable[[], httpx.Response]) -> list[httpx.Response]:
        with ThreadPoolExecutor(len(calls)) as threads:
            return [done.result() for done in [threads.submit(call) for call in calls]]

    made = at_once(
        lambda: person.call(replicas[0], "POST", f"/api/v3/projects/{name}"),
        lambda: member.call(replicas[1], "POST", f"/api/v3/projects/{name}"),
    )
    assert sorted(reply.status_code for reply in made) == [200, 422]
    owner, other = (person, member) if made[0].status_code == 200 else (member, person)
    members = f"/api/v3/projects/{name}/members"
    owner.get(replicas[0], "POST", members, {"who": other.subject, "role": "owner"})

    left = at_once(
        lambda: owner.call(replicas[0], "DELETE", f"{members}/owner-user-{owner.subject}"),
        lambda: other.call(replicas[1], "DELETE", f"{members}/owner-user-{other.subject}"),
    )

    assert sorted(reply.status_code for reply in left) == [200, 422]
    stays = owner if left[0].status_code == 422 else other
    (grant,) = stays.get(replicas[0], "GET", members)["grants"]
    assert (grant["to"], grant["right"]) == (stays.subject, "owner")


def test_commands_lead_a_project_from_its_making_to_its_end(shells: Callable[[], Shell]) -> None:
    ada, grace = shells(), shells()
    name = f"p-{uuid.uuid4().hex[:10]}"

    ada.told("project", "create", name, "--ends", "2099-01-01", "--default", "partitions=2")
    planned = ada.told("project", "set", name, "--ends", "never", "--description", "frames", "--dry-run")
    assert [change["field"] for change in planned["changes"]] == ["description", "ends"]
    assert "ends: 2099-01-01T00:00:00Z -> -" in ada.run("project", "set", name, "--ends", "never").stdout
    ada.told("project", "add", name, grace.username)
    assert grace.username in grace.run("project", "members", name).stdout
    assert name in grace.run("project", "list").stdout
    assert grace.run("project", "remove", name, ada.username).exit_code == 1
    ada.told("project", "share", name, grace.username, "--read", "--manage", "--until", "2099-01-01")
    kept = ada.told("project", "unshare", name, grace.username, "--manage")["grants"]
    assert [grant["right"] for grant in kept] == ["manage"]
    assert [one["right"] for one in grace.told("shared")["shared"]] == ["member", "read"]
    ada.told("project", "transfer", name, grace.username)
    last = grace.run("project", "remove", name, grace.username, "--owner")
    assert "needs an owner who is a person" in str(last.exception)
    assert grace.run("project", "delete", name, "--dry-run").stdout.startswith(f"Project {name} would end: ")
    grace.told("project", "delete", name, "--yes")
    assert grace.told("project", "list")["projects"] == []


def test_commands_share_a_topic_tell_who_can_and_take_it_back(shells: Callable[[], Shell]) -> None:
    ada, grace = shells(), shells()
    ada.told("topic", "create", "readings")
    nobody = ada.run("topic", "share", "readings", "nobody@example.org", "--read")
    assert "knows no identity" in str(nobody.exception)
    assert ada.run("topic", "share", "readings", grace.username).exit_code == 2

    ada.told("topic", "share", "readings", grace.username, "--read")

    who = ada.told("topic", "who", "readings")["access"]
    assert {(one["name"], one["right"]) for one in who} == {(ada.username, "owner"), (grace.username, "read")}
    shown = ada.run("topic", "who", "readings").stdout
    assert grace.username in shown
    (shared,) = grace.told("shared")["shared"]
    full = f"{shared['namespace']}.{shared['topic']}"
    assert full in grace.run("shared").stdout
    assert grace.run("topic", "who", full).exit_code == 1
    assert ada.run("topic", "unshare", "readings", grace.username).stdout.endswith("revoked\n")
    assert ada.told("topic", "grants", "readings")["grants"] == []
    assert "no such grant" in ada.run("topic", "unshare", "readings", grace.username).stdout

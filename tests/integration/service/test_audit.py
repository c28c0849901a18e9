"""The audit on the wire: what people do and what a broker refuses, read back, and on the system topic."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.credentials import Credentials
from confluent_kafka import Consumer, KafkaError, TopicPartition

from octopus.audit.publishing import TOPIC
from octopus.kafka.admin import TopicAdmin
from octopus.kafka.client import client_settings
from octopus.kafka.system_topic import Record, SystemTopic
from tests.integration.broker.node import Node
from tests.integration.service.replica import Person, Replica, await_that
from tests.patience import PATIENCE_S, patiently

SECONDS = PATIENCE_S


@pytest.fixture
def published(broker: Node, service_environment: dict[str, str]) -> Iterator[Callable[[str], Any]]:
    """Finds an event of some id on the system topic, with the service's rights."""
    key = Credentials(service_environment["AWS_ACCESS_KEY_ID"], service_environment["AWS_SECRET_ACCESS_KEY"])
    settings = client_settings(
        bootstrap_servers=broker.bootstrap_servers, ca_file=broker.ca_file, credentials=key
    )
    consumer = Consumer({**settings, "group.id": "unused", "enable.auto.commit": False})
    seen: dict[str, Any] = {}

    def find(event_id: str) -> Any:
        if not consumer.assignment():
            consumer.assign([TopicPartition(TOPIC, 0, 0)])
        for message in consumer.consume(500, timeout=0.5):
            assert message.error() is None
            raw: Any = message.headers()
            headers = {name: value.decode() for name, value in raw}
            key, value = message.key(), message.value()
            seen[headers["ce_id"]] = (key.decode() if key else None, headers, json.loads(value or b""))
        return seen.get(event_id)

    yield find
    consumer.close()


def events(person: Person, replica: Replica, **query: str) -> list[dict[str, Any]]:
    """What the audit tells this person, whole."""
    found: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    while True:
        page = person.get(replica, "GET", f"/api/v3/audit?{urlencode({**query, 'limit': '3', **after})}")
        found += page["events"]
        if page["next"] is None:
            return found
        after = {"after": page["next"]}


def test_what_somebody_did_is_told_to_him_alone_and_published(
    replica: Replica,
    new_people: Callable[[], Person],
    published: Callable[[str], Any],
) -> None:
    owner, stranger = new_people(), new_people()
    owner.get(replica, "POST", "/api/v3/user")
    key = owner.get(replica, "POST", "/api/v3/key")
    owner.get(replica, "POST", f"/api/v3/{owner.namespace}/readings")
    owner.get(replica, "DELETE", f"/api/v3/{owner.namespace}/readings")

    own = events(owner, replica)
    topics = events(owner, replica, namespace=owner.namespace, type="topic")

    assert {"account.created", "key.issued"} <= {event["type"] for event in own}
    assert [event["type"] for event in topics] == ["topic.deleted", "topic.created"]
    assert {(event["actor"], event["topic"]) for event in topics} == {(owner.subject, "readings")}
    assert events(stranger, replica) == []
    refused = stranger.call(replica, "GET", f"/api/v3/audit?namespace={owner.namespace}")
    assert (refused.status_code, refused.json()["message"]) == (
        403,
        f"Namespace {owner.namespace} not found for {stranger.subject}",
    )
    created = topics[1]["id"]
    await_that(lambda: published(created) is not None)
    partition_key, headers, value = published(created)
    assert partition_key == owner.namespace
    assert headers["ce_type"] == "org.octopus.topic.created"
    assert headers["ce_subject"] == f"{owner.namespace}.readings"
    assert value["actor"] == owner.subject
    everything = json.dumps([own, topics, value])
    assert key["secret_key"] not in everything
    assert owner.token not in everything


def test_system_topic_is_made_with_its_settings_and_made_again_when_somebody_deleted_it(
    kafka: TopicAdmin, broker: Node, service_environment: dict[str, str]
) -> None:
    key = Credentials(service_environment["AWS_ACCESS_KEY_ID"], service_environment["AWS_SECRET_ACCESS_KEY"])
    topic = SystemTopic(
        f"octopus.t{uuid.uuid4().hex[:8]}",
        admin=kafka,
        settings=lambda: client_settings(
            bootstrap_servers=broker.bootstrap_servers, ca_file=broker.ca_file, credentials=key
        ),
        configs={"retention.ms": "86400000"},
    )
    records = [Record(key="k", value=b"{}", headers={"ce_id": str(number)}) for number in range(3)]

    assert topic.append([]) == []
    assert kafka.describe(topic.name) is None, "nothing is made before it is needed"
    assert topic.append(records) == [True] * 3
    before = kafka.describe(topic.name)
    assert kafka.configs.describe(topic.name)["retention.ms"].value == "86400000"
    kafka.delete([topic.name])
    lost = topic.append(records[:1])
    again = topic.append(records[:1])
    topic.close()
    after = kafka.describe(topic.name)
    kafka.delete([topic.name])

    assert (lost, again) == ([False], [True])
    assert before is not None
    assert after is not None
    assert before.topic_id != after.topic_id


def test_refusal_of_a_broker_is_told_to_whoever_was_refused_and_to_the_topics_owner(
    replica: Replica, broker: Node, new_people: Callable[[], Person]
) -> None:
    owner, intruder = new_people(), new_people()
    owner.get(replica, "POST", "/api/v3/user")
    owner.get(replica, "POST", f"/api/v3/{owner.namespace}/readings")
    key = intruder.get(replica, "POST", "/api/v3/key")
    settings = client_settings(
        bootstrap_servers=key["endpoint"],
        ca_file=broker.ca_file,
        credentials=Credentials(key["access_key"], key["secret_key"]),
    )
    consumer = Consumer({**settings, "group.id": f"{intruder.namespace}.readers"})
    try:
        name = f"{owner.namespace}.readings"
        refusal = patiently(lambda: consumer.list_topics(name, timeout=SECONDS)).topics[name].error
        assert refusal.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
    finally:
        consumer.close()

    def told(person: Person, **query: str) -> list[dict[str, Any]]:
        found = events(person, replica, type="kafka.denied", **query)
        return [event for event in found if event["topic"] == "readings"]

    await_that(lambda: bool(told(intruder)))
    (event,) = told(intruder)[-1:]
    assert (event["actor"], event["namespace"]) == (intruder.subject, owner.namespace)
    assert event["data"]["resource"] == f"topic/{owner.namespace}.readings"
    assert event["data"].pop("access_key_id") == key["access_key"]
    assert event in told(owner, namespace=owner.namespace), "all of it but the key, which is not his"
    assert told(owner) == [], "it concerns his namespace, not himself"


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=1001",
        "since=yesterday",
        "type=Topic;drop",
        "after=zzz",
        "topic=readings",
    ],
)
def test_malformed_question_is_refused(replica: Replica, person: Person, query: str) -> None:
    reply = person.call(replica, "GET", f"/api/v3/audit?{query}")

    assert reply.status_code == 422
    assert query.partition("=")[0] in reply.json()["message"]


def test_times_at_the_edge_of_the_calendar_are_answered(replica: Replica, person: Person) -> None:
    query = urlencode({"since": "0001-01-01T00:00:00+14:00", "until": "9999-12-31T23:59:59-14:00"})

    assert person.get(replica, "GET", f"/api/v3/audit?{query}")["events"] == []

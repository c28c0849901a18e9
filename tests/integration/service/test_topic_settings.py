"""Settings, descriptions and records of topics, on real brokers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from botocore.credentials import Credentials
from confluent_kafka import Producer

from octopus.kafka.admin import TopicAdmin
from octopus.kafka.client import client_settings
from tests.integration.broker.node import Node
from tests.integration.service.replica import Person, Replica
from tests.patience import PATIENCE_S

WISHED = {
    "partitions": 3,
    "retention_hours": 2,
    "cleanup_policy": "compact,delete",
    "max_message_bytes": 2_000_000,
    "timestamp_type": "LogAppendTime",
    "description": "Temperature of the clean room",
    "tags": ["cleanroom"],
}


@pytest.fixture
def owner(person: Person, replica: Replica) -> Person:
    """Somebody with an account."""
    person.get(replica, "POST", "/api/v3/user")
    return person


def test_topic_has_the_settings_that_it_was_made_with_and_keeps_them_when_it_is_made_anew(
    replica: Replica, owner: Person, kafka: TopicAdmin
) -> None:
    path = f"/api/v3/{owner.namespace}/telemetry"
    owner.get(replica, "POST", path, WISHED)

    before = owner.get(replica, "GET", path)
    owner.get(replica, "PUT", f"{path}/recreate")
    after = owner.get(replica, "GET", path)

    held = kafka.describe(f"{owner.namespace}.telemetry")
    assert held is not None
    assert held.partitions == 3
    assert before["settings"] == {
        "partitions": 3,
        "retention_ms": 7_200_000,
        "retention_bytes": None,
        "cleanup_policy": "compact,delete",
        "max_message_bytes": 2_000_000,
        "timestamp_type": "LogAppendTime",
    }
    assert before["chosen"] == [
        "cleanup_policy",
        "max_message_bytes",
        "partitions",
        "retention_ms",
        "timestamp_type",
    ]
    assert before["about"]["tags"] == ["cleanroom"]
    assert before["offsets"] == {str(number): {"earliest": 0, "latest": 0} for number in range(3)}
    assert after == {**before, "topic_id": held.topic_id}
    assert after["topic_id"] != before["topic_id"]


def test_topic_made_without_a_body_has_one_partition_and_the_brokers_settings(
    replica: Replica, owner: Person
) -> None:
    path = f"/api/v3/{owner.namespace}/telemetry"
    owner.get(replica, "POST", path)

    described = owner.get(replica, "GET", path)

    assert described["chosen"] == ["partitions"]
    assert described["settings"]["partitions"] == 1
    assert described["settings"]["cleanup_policy"] == "delete"


def test_change_is_planned_then_made_and_what_is_given_back_is_the_brokers_default(
    replica: Replica, owner: Person
) -> None:
    path = f"/api/v3/{owner.namespace}/telemetry"
    owner.get(replica, "POST", path, {"retention_hours": 2})
    default = owner.get(replica, "GET", path)["settings"]["max_message_bytes"]
    wish = {"partitions": 2, "retention_ms": None, "max_message_bytes": 4_000_000}

    plan = owner.get(replica, "PATCH", f"{path}?dry_run=true", wish)
    assert owner.get(replica, "GET", path)["settings"]["partitions"] == 1
    done = owner.get(replica, "PATCH", path, wish)
    described = owner.get(replica, "GET", path)

    assert plan["changes"] == done["changes"]
    assert [change["field"] for change in done["changes"]] == [
        "partitions",
        "retention_ms",
        "max_message_bytes",
    ]
    assert described["settings"]["partitions"] == 2
    assert described["chosen"] == ["max_message_bytes", "partitions"]
    owner.get(replica, "PATCH", path, {"max_message_bytes": None})
    assert owner.get(replica, "GET", path)["settings"]["max_message_bytes"] == default


def test_change_that_cannot_be_had_names_field_range_and_value_and_changes_nothing(
    replica: Replica, owner: Person
) -> None:
    path = f"/api/v3/{owner.namespace}/telemetry"
    owner.get(replica, "POST", path, {"partitions": 2})
    wish = {"partitions": 1, "retention_hours": 10_000}

    plan = owner.get(replica, "PATCH", f"{path}?dry_run=true", wish)
    refused = owner.call(replica, "PATCH", path, body=wish)
    too_many = owner.call(replica, "PATCH", path, body={"partitions": 129})

    assert [one["field"] for one in plan["refused"]] == ["retention_ms", "partitions"]
    assert refused.status_code == 422
    assert refused.json()["message"] == (
        "retention_ms: 60000 to 31536000000 (8760 hours) in this deployment, received 36000000000; "
        "partitions: they never become fewer: there are 2, received 1"
    )
    assert too_many.json()["message"] == "partitions: 1 to 128 in this deployment, received 129"
    assert owner.get(replica, "GET", path)["chosen"] == ["partitions"]


def test_records_are_deleted_up_to_an_offset_and_no_further(
    replica: Replica, owner: Person, broker: Node
) -> None:
    path = f"/api/v3/{owner.namespace}/telemetry"
    owner.get(replica, "POST", path, {"partitions": 2})
    key = owner.get(replica, "POST", "/api/v3/key")
    own = Credentials(key["access_key"], key["secret_key"])
    producer = Producer(
        client_settings(bootstrap_servers=key["endpoint"], ca_file=broker.ca_file, credentials=own)
    )
    for number in range(5):
        producer.produce(f"{owner.namespace}.telemetry", f"{number}", partition=0)
    assert producer.flush(PATIENCE_S) == 0

    deleted = owner.get(replica, "POST", f"{path}/records/delete", {"offsets": {"0": 3}})
    beyond = owner.call(replica, "POST", f"{path}/records/delete", body={"offsets": {"0": 6}})
    absent = owner.call(replica, "POST", f"{path}/records/delete", body={"offsets": {"2": 0}})

    assert deleted["earliest"] == {"0": 3}
    assert owner.get(replica, "GET", path)["offsets"]["0"] == {"earliest": 3, "latest": 5}
    assert beyond.json()["message"] == "offsets.0: 0 to 5, where its log ends, received 6"
    assert absent.json()["message"] == "offsets: partitions are 0 to 1, received 2"
    assert owner.get(replica, "POST", f"{path}/records/delete", {"offsets": "all"})["earliest"] == {
        "0": 5,
        "1": 0,
    }


def test_outsider_finds_a_topic_only_once_it_is_listed_and_then_reads_what_it_is_about(
    replica: Replica, owner: Person, new_people: Callable[[], Person]
) -> None:
    outsider = new_people()
    path = f"/api/v3/{owner.namespace}/humidity"
    owner.get(replica, "POST", path, {"description": f"Of {owner.subject}"})
    search = f"/api/v3/search?q=humid {owner.subject}"

    hidden = outsider.get(replica, "GET", search)["topics"]
    closed = outsider.call(replica, "GET", path)
    owner.get(replica, "PATCH", path, {"listed": True})
    (found,) = outsider.get(replica, "GET", search)["topics"]
    described = outsider.get(replica, "GET", path)

    assert hidden == []
    assert closed.status_code == 403
    assert closed.json()["message"] == f"Namespace {owner.namespace} not found for {outsider.subject}"
    assert (found["name"], found["mine"]) == (f"{owner.namespace}.humidity", False)
    assert owner.get(replica, "GET", search)["topics"] == [{**found, "mine": True}]
    assert (described["rights"], described["settings"], described["offsets"]) == ([], None, None)

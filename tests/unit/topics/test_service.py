"""Changes of topics when Kafka fails at the worst moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from octopus.accounts.models import State as AccountState
from octopus.accounts.store import AccountStore
from octopus.errors import Failure, ForbiddenError, OctopusError, UnavailableError
from octopus.kafka.admin import KafkaAwayError, KafkaRefusedError
from octopus.registry.leases import Leases
from octopus.topics.service import Topics, namespace_of
from octopus.topics.store import TopicStore
from tests.memory_kafka import MemoryKafka

SUBJECT = "7d8d8c1e-0d5c-4b0e-9f57-3f2a5c1b9e44"
NAMESPACE = namespace_of(SUBJECT)


@pytest.fixture
def kafka() -> MemoryKafka:
    return MemoryKafka()


@pytest.fixture
def store(database: Any, table: str) -> TopicStore:
    leases = Leases(database, table)
    accounts = AccountStore(database, table)
    with leases.hold("account") as lease:
        accounts.advance(accounts.claim(SUBJECT, NAMESPACE, lease), AccountState.ACTIVE, lease, [])
    return TopicStore(database, table)


@pytest.fixture
def topics(store: TopicStore, database: Any, table: str, kafka: MemoryKafka) -> Topics:
    return Topics(store=store, leases=Leases(database, table), kafka=kafka)


def states(store: TopicStore) -> dict[str, str]:
    found = store.read(NAMESPACE)
    return {name: str(topic.state) for name, topic in found.topics.items()} if found else {}


@pytest.mark.parametrize("change", [Topics.create, Topics.delete, Topics.recreate])
def test_kafka_that_does_not_answer_leaves_the_record_as_it_was(
    topics: Topics, store: TopicStore, kafka: MemoryKafka, change: Callable[..., object]
) -> None:
    topics.create(SUBJECT, NAMESPACE, "events")
    kafka.faults["describe"] = KafkaAwayError("timed out")

    with pytest.raises(UnavailableError):
        change(topics, SUBJECT, NAMESPACE, "events")

    assert states(store) == {"events": "active"}


def test_creation_that_kafka_refuses_leaves_no_record(
    topics: Topics, store: TopicStore, kafka: MemoryKafka
) -> None:
    kafka.faults["create"] = KafkaRefusedError("INVALID_REPLICATION_FACTOR")

    with pytest.raises(KafkaRefusedError, match="Failed to create Kafka topic: INVALID_REPLICATION_FACTOR"):
        topics.create(SUBJECT, NAMESPACE, "events")

    assert states(store) == {}


def test_creation_of_unknown_outcome_is_hidden_and_completed_by_the_next_call(
    topics: Topics, kafka: MemoryKafka
) -> None:
    kafka.faults["create"] = KafkaAwayError("timed out")
    with pytest.raises(UnavailableError):
        topics.create(SUBJECT, NAMESPACE, "events")
    assert topics.names(NAMESPACE) == []
    kafka.faults.clear()

    change = topics.create(SUBJECT, NAMESPACE, "events")

    assert (change.changed, change.topics) == (True, ["events"])


def test_creation_of_unknown_outcome_can_be_deleted(topics: Topics, kafka: MemoryKafka) -> None:
    kafka.faults["create"] = KafkaAwayError("timed out")
    with pytest.raises(UnavailableError):
        topics.create(SUBJECT, NAMESPACE, "events")
    kafka.faults.clear()
    kafka.create(f"{NAMESPACE}.events")

    topics.delete(SUBJECT, NAMESPACE, "events")

    assert kafka.held == {}


@pytest.mark.parametrize("fault", [KafkaAwayError("timed out"), KafkaRefusedError("POLICY_VIOLATION")])
def test_deletion_that_fails_puts_the_record_back(
    topics: Topics, store: TopicStore, kafka: MemoryKafka, fault: OctopusError
) -> None:
    topics.create(SUBJECT, NAMESPACE, "events")
    kafka.faults["delete"] = fault

    with pytest.raises(type(fault)):
        topics.delete(SUBJECT, NAMESPACE, "events")

    assert states(store) == {"events": "active"}


def test_recreation_cut_short_is_said_and_finished_by_the_next_call(
    topics: Topics, store: TopicStore, kafka: MemoryKafka
) -> None:
    topics.create(SUBJECT, NAMESPACE, "events")
    old = kafka.held[f"{NAMESPACE}.events"]
    kafka.faults["create"] = KafkaAwayError("timed out")
    with pytest.raises(OctopusError, match="call again to finish") as refused:
        topics.recreate(SUBJECT, NAMESPACE, "events")
    assert not isinstance(refused.value, UnavailableError), "something was done"
    assert topics.names(NAMESPACE) == ["events"]
    kafka.faults.clear()

    topics.recreate(SUBJECT, NAMESPACE, "events")

    assert kafka.held[f"{NAMESPACE}.events"] != old
    assert states(store) == {"events": "active"}


def test_topic_that_kafka_lost_is_made_again_by_creating_it(topics: Topics, kafka: MemoryKafka) -> None:
    topics.create(SUBJECT, NAMESPACE, "events")
    kafka.held.clear()

    topics.create(SUBJECT, NAMESPACE, "events")

    assert list(kafka.held) == [f"{NAMESPACE}.events"]


def test_topic_made_while_its_account_was_deleted_goes_with_it(
    topics: Topics, kafka: MemoryKafka, database: Any, table: str
) -> None:
    kafka.meanwhile = lambda: database.delete_item(
        TableName=table, Key={"pk": {"S": f"NAMESPACE#{NAMESPACE}"}, "sk": {"S": "NAMESPACE"}}
    )

    with pytest.raises(Failure, match="not found"):
        topics.create(SUBJECT, NAMESPACE, "events")

    assert kafka.held == {}


@pytest.mark.parametrize(
    "namespace", ["n" * 3000, "ns-3f2a5c1b9e4\n4", ""], ids=["long", "characters", "empty"]
)
def test_name_that_no_namespace_has_is_refused_unasked(
    topics: Topics, store: TopicStore, monkeypatch: pytest.MonkeyPatch, namespace: str
) -> None:
    # DynamoDB answers keys of over 2,048 bytes with an error that would look like the service's own.
    monkeypatch.setattr(TopicStore, "read", lambda *_: pytest.fail("the registry was asked"))

    with pytest.raises(ForbiddenError, match="not found") as refused:
        topics.create(SUBJECT, namespace, "events")

    assert len(refused.value.message) < 200

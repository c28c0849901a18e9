"""Changes of topics when Kafka fails at the worst moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from octopus.accounts.models import State as AccountState
from octopus.errors import Failure, ForbiddenError, OctopusError, UnavailableError
from octopus.kafka.asking import KafkaAwayError, KafkaRefusedError
from octopus.topics.healing import Healing
from octopus.topics.service import Topics
from octopus.topics.store import TopicStore
from tests.callers import caller_of
from tests.memory_kafka import MemoryKafka
from tests.unit.topics.world import NAMESPACE, SUBJECT


def states(store: TopicStore) -> dict[str, str]:
    found = store.read(NAMESPACE)
    return {name: str(topic.state) for name, topic in found.topics.items()} if found else {}


def set_namespace(database: Any, table: str, state: AccountState) -> None:
    """Put the account's namespace into a state, as another process would."""
    database.update_item(
        TableName=table,
        Key={"pk": {"S": f"NAMESPACE#{NAMESPACE}"}, "sk": {"S": "NAMESPACE"}},
        UpdateExpression="SET #state = :state",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":state": {"S": state}},
    )


@pytest.mark.parametrize("change", [Topics.create, Topics.delete, Topics.recreate])
def test_namespace_is_read_before_a_turn_and_in_it_and_no_third_time(
    topics: Topics, database: Any, table: str, change: Callable[..., object]
) -> None:
    topics.create(caller_of(SUBJECT), NAMESPACE, "others")
    reads: list[str] = []

    def asked(params: dict[str, Any], model: Any, **_others: Any) -> None:
        keys = [params.get("Key"), *params.get("RequestItems", {}).get(table, {}).get("Keys", [])]
        rows = [(key["pk"]["S"], key["sk"]["S"]) for key in keys if key]
        whole = params.get("ExpressionAttributeValues") == {":pk": {"S": f"NAMESPACE#{NAMESPACE}"}}
        if (f"NAMESPACE#{NAMESPACE}", "NAMESPACE") in rows or (model.name == "Query" and whole):
            reads.append(model.name)

    database.meta.events.register("provide-client-params.dynamodb", asked)
    change(topics, caller_of(SUBJECT), NAMESPACE, "others" if change is not Topics.create else "events")

    assert reads == ["BatchGetItem", "Query"]


@pytest.mark.parametrize("change", [Topics.create, Topics.delete, Topics.recreate])
def test_kafka_that_does_not_answer_leaves_the_record_as_it_was(
    topics: Topics, store: TopicStore, kafka: MemoryKafka, change: Callable[..., object]
) -> None:
    topics.create(caller_of(SUBJECT), NAMESPACE, "events")
    kafka.faults["describe"] = KafkaAwayError("timed out")

    with pytest.raises(UnavailableError):
        change(topics, caller_of(SUBJECT), NAMESPACE, "events")

    assert states(store) == {"events": "active"}


def test_creation_that_kafka_refuses_leaves_no_record(
    topics: Topics, store: TopicStore, kafka: MemoryKafka
) -> None:
    kafka.faults["create"] = KafkaRefusedError("INVALID_REPLICATION_FACTOR")

    with pytest.raises(KafkaRefusedError, match="Failed to create Kafka topic: INVALID_REPLICATION_FACTOR"):
        topics.create(caller_of(SUBJECT), NAMESPACE, "events")

    assert states(store) == {}


def test_creation_of_unknown_outcome_is_hidden_and_completed_by_the_next_call(
    topics: Topics, kafka: MemoryKafka
) -> None:
    kafka.faults["create"] = KafkaAwayError("timed out")
    with pytest.raises(OctopusError, match=r"created in part .*: call again to finish") as begun:
        topics.create(caller_of(SUBJECT), NAMESPACE, "events")
    assert not isinstance(begun.value, UnavailableError), "something was done"
    assert topics.names(NAMESPACE) == []
    kafka.faults.clear()

    change = topics.create(caller_of(SUBJECT), NAMESPACE, "events")

    assert (change.changed, change.topics) == (True, ["events"])


def test_creation_of_unknown_outcome_can_be_deleted(topics: Topics, kafka: MemoryKafka) -> None:
    kafka.faults["create"] = KafkaAwayError("timed out")
    with pytest.raises(OctopusError):
        topics.create(caller_of(SUBJECT), NAMESPACE, "events")
    kafka.faults.clear()
    kafka.create(f"{NAMESPACE}.events")

    topics.delete(caller_of(SUBJECT), NAMESPACE, "events")

    assert kafka.held == {}


def test_deletion_that_kafka_refuses_puts_the_record_back(
    topics: Topics, store: TopicStore, kafka: MemoryKafka
) -> None:
    topics.create(caller_of(SUBJECT), NAMESPACE, "events")
    kafka.faults["delete"] = KafkaRefusedError("POLICY_VIOLATION")

    with pytest.raises(KafkaRefusedError, match="Failed to delete Kafka topic: POLICY_VIOLATION"):
        topics.delete(caller_of(SUBJECT), NAMESPACE, "events")

    assert states(store) == {"events": "active"}


def test_deletion_of_unknown_outcome_is_said_and_goes_on_in_the_background(
    topics: Topics, healing: Healing, store: TopicStore, kafka: MemoryKafka
) -> None:
    topics.create(caller_of(SUBJECT), NAMESPACE, "events")
    kafka.faults["delete"] = KafkaAwayError("timed out")
    with pytest.raises(OctopusError, match=r"deleted in part .*: call again to finish") as begun:
        topics.delete(caller_of(SUBJECT), NAMESPACE, "events")
    assert not isinstance(begun.value, UnavailableError), "the topic may be gone"
    assert topics.names(NAMESPACE) == []
    kafka.faults.clear()

    healing.heal(f"{NAMESPACE}.events")

    assert (kafka.held, states(store)) == ({}, {})


def test_deletion_that_the_next_creation_cannot_complete_stays_on_record(
    topics: Topics, store: TopicStore, kafka: MemoryKafka
) -> None:
    topics.create(caller_of(SUBJECT), NAMESPACE, "events")
    kafka.faults["delete"] = KafkaAwayError("timed out")
    with pytest.raises(OctopusError):
        topics.delete(caller_of(SUBJECT), NAMESPACE, "events")
    kafka.faults["delete"] = KafkaRefusedError("POLICY_VIOLATION")

    with pytest.raises(KafkaRefusedError):
        topics.create(caller_of(SUBJECT), NAMESPACE, "events")

    assert states(store) == {"events": "deleting"}


def test_recreation_cut_short_is_said_and_finished_by_the_next_call(
    topics: Topics, store: TopicStore, kafka: MemoryKafka
) -> None:
    topics.create(caller_of(SUBJECT), NAMESPACE, "events")
    old = kafka.held[f"{NAMESPACE}.events"]
    kafka.faults["create"] = KafkaAwayError("timed out")
    with pytest.raises(OctopusError, match="call again to finish") as refused:
        topics.recreate(caller_of(SUBJECT), NAMESPACE, "events")
    assert not isinstance(refused.value, UnavailableError), "something was done"
    assert topics.names(NAMESPACE) == ["events"]
    kafka.faults.clear()

    topics.recreate(caller_of(SUBJECT), NAMESPACE, "events")

    assert kafka.held[f"{NAMESPACE}.events"] != old
    assert states(store) == {"events": "active"}


def test_topic_that_kafka_lost_is_made_again_by_creating_it(topics: Topics, kafka: MemoryKafka) -> None:
    topics.create(caller_of(SUBJECT), NAMESPACE, "events")
    kafka.held.clear()

    topics.create(caller_of(SUBJECT), NAMESPACE, "events")

    assert list(kafka.held) == [f"{NAMESPACE}.events"]


def test_topic_made_while_its_account_was_deleted_goes_with_it(
    topics: Topics, kafka: MemoryKafka, database: Any, table: str
) -> None:
    kafka.meanwhile = lambda: database.delete_item(
        TableName=table, Key={"pk": {"S": f"NAMESPACE#{NAMESPACE}"}, "sk": {"S": "NAMESPACE"}}
    )

    with pytest.raises(Failure, match="not found"):
        topics.create(caller_of(SUBJECT), NAMESPACE, "events")

    assert kafka.held == {}


@pytest.mark.parametrize("change", [Topics.create, Topics.recreate])
def test_topic_changed_while_its_account_was_suspended_is_kept(
    topics: Topics,
    healing: Healing,
    store: TopicStore,
    kafka: MemoryKafka,
    database: Any,
    table: str,
    change: Callable[..., object],
) -> None:
    if change is Topics.recreate:
        topics.create(caller_of(SUBJECT), NAMESPACE, "events")
    kafka.meanwhile = lambda: set_namespace(database, table, AccountState.SUSPENDED)

    with pytest.raises(ForbiddenError, match="is suspended"):
        change(topics, caller_of(SUBJECT), NAMESPACE, "events")

    kafka.meanwhile = lambda: None
    set_namespace(database, table, AccountState.ACTIVE)
    healing.heal(f"{NAMESPACE}.events")
    assert list(kafka.held) == [f"{NAMESPACE}.events"]
    assert states(store) == {"events": "active"}


def test_records_that_were_there_before_survive_a_suspension_meanwhile(
    topics: Topics, kafka: MemoryKafka, database: Any, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    topics.create(caller_of(SUBJECT), NAMESPACE, "events")
    kafka.held.clear()
    held = kafka.create(f"{NAMESPACE}.events")  # by hand: another id than the one on record
    describe = kafka.describe

    def suspended_meanwhile(name: str) -> Any:
        set_namespace(database, table, AccountState.SUSPENDED)
        return describe(name)

    monkeypatch.setattr(kafka, "describe", suspended_meanwhile)

    with pytest.raises(ForbiddenError):
        topics.create(caller_of(SUBJECT), NAMESPACE, "events")

    assert kafka.held[held.name] == held


@pytest.mark.parametrize("lost", [False, True], ids=["deleted in part", "recreated in part"])
def test_topic_made_anew_is_never_the_one_that_is_going_away(
    topics: Topics, kafka: MemoryKafka, monkeypatch: pytest.MonkeyPatch, lost: bool
) -> None:
    topics.create(caller_of(SUBJECT), NAMESPACE, "events")
    name = f"{NAMESPACE}.events"
    old = kafka.held[name].topic_id
    kafka.faults["create" if lost else "delete"] = KafkaAwayError("timed out")
    with pytest.raises(OctopusError):
        (topics.recreate if lost else topics.delete)(caller_of(SUBJECT), NAMESPACE, "events")
    kafka.faults.clear()
    create, unlike = kafka.create, []

    def noted(name: str, **told: Any) -> Any:
        unlike.append(told["unlike"])
        return create(name, **told)

    monkeypatch.setattr(kafka, "create", noted)

    topics.create(caller_of(SUBJECT), NAMESPACE, "events")

    assert unlike == [old]


@pytest.mark.parametrize(
    "namespace", ["n" * 3000, "ns-3f2a5c1b9e4\n4", ""], ids=["long", "characters", "empty"]
)
def test_name_that_no_namespace_has_is_refused_unasked(
    topics: Topics, store: TopicStore, monkeypatch: pytest.MonkeyPatch, namespace: str
) -> None:
    # DynamoDB answers keys of over 2,048 bytes with an error that would look like the service's own.
    monkeypatch.setattr(TopicStore, "read", lambda *_: pytest.fail("the registry was asked"))

    with pytest.raises(ForbiddenError, match="not found") as refused:
        topics.create(caller_of(SUBJECT), namespace, "events")

    assert len(refused.value.message) < 200

"""What a client of librdkafka hears when it reaches for what is not its own; `test_operations` sends more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import pytest
from confluent_kafka import (
    Consumer,
    ConsumerGroupTopicPartitions,
    ElectionType,
    KafkaError,
    KafkaException,
    Producer,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)

from tests.integration.broker.records import code_of, error_of_poll
from tests.integration.enforcement.fabric import Fabric, Principal
from tests.patience import PATIENCE_S

TOPIC = KafkaError.TOPIC_AUTHORIZATION_FAILED
GROUP = KafkaError.GROUP_AUTHORIZATION_FAILED
TRANSACTIONAL_ID = KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
CLUSTER = KafkaError.CLUSTER_AUTHORIZATION_FAILED
NO_ACLS = KafkaError.SECURITY_DISABLED

Outcome = Future[Any] | dict[Any, Future[Any]]
SECONDS = PATIENCE_S


def _setting(resource: ConfigResource, name: str, value: str) -> list[ConfigResource]:
    entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
    return [ConfigResource(resource.restype, resource.name, incremental_configs=[entry])]


def _anything(binding: type[Any]) -> Any:
    return binding(
        ResourceType.TOPIC,
        "anything",
        ResourcePatternType.LITERAL,
        "User:somebody",
        "*",
        AclOperation.READ,
        AclPermissionType.ALLOW,
    )


def _topic(namespace: str) -> str:
    return f"{namespace}.events"


def _offset(namespace: str) -> TopicPartition:
    return TopicPartition(_topic(namespace), 0, 0)


def _group_offsets(namespace: str, *partitions: TopicPartition) -> list[ConsumerGroupTopicPartitions]:
    return [ConsumerGroupTopicPartitions(f"{namespace}.readers", list(partitions) or None)]


BROKER = ConfigResource("broker", "1")

CALLS: dict[str, tuple[int, Callable[[AdminClient, str], Outcome]]] = {
    "describe topic": (TOPIC, lambda admin, ns: admin.describe_topics(TopicCollection([_topic(ns)]))),
    "create topic": (TOPIC, lambda admin, ns: admin.create_topics([NewTopic(f"{ns}.new", 1, 1)])),
    "delete topic": (TOPIC, lambda admin, ns: admin.delete_topics([_topic(ns)])),
    "create partitions": (TOPIC, lambda admin, ns: admin.create_partitions([NewPartitions(_topic(ns), 2)])),
    "describe topic configs": (
        TOPIC,
        lambda admin, ns: admin.describe_configs([ConfigResource("topic", _topic(ns))]),
    ),
    "alter topic configs": (
        TOPIC,
        lambda admin, ns: admin.incremental_alter_configs(
            _setting(ConfigResource("topic", _topic(ns)), "retention.ms", "1")
        ),
    ),
    "describe group": (GROUP, lambda admin, ns: admin.describe_consumer_groups([f"{ns}.readers"])),
    "delete group": (GROUP, lambda admin, ns: admin.delete_consumer_groups([f"{ns}.readers"])),
    "fetch offsets": (GROUP, lambda admin, ns: admin.list_consumer_group_offsets(_group_offsets(ns))),
    "alter offsets": (
        GROUP,
        lambda admin, ns: admin.alter_consumer_group_offsets(_group_offsets(ns, _offset(ns))),
    ),
    "describe broker configs": (CLUSTER, lambda admin, _: admin.describe_configs([BROKER])),
    "alter broker configs": (
        CLUSTER,
        lambda admin, _: admin.incremental_alter_configs(_setting(BROKER, "log.cleaner.threads", "2")),
    ),
    "elect leaders": (
        CLUSTER,
        lambda admin, ns: admin.elect_leaders(ElectionType.UNCLEAN, [TopicPartition(_topic(ns), 0)]),
    ),
    "create ACL": (NO_ACLS, lambda admin, _: admin.create_acls([_anything(AclBinding)])),
    "delete ACLs": (NO_ACLS, lambda admin, _: admin.delete_acls([_anything(AclBindingFilter)])),
}


@pytest.fixture(scope="module")
def admin(fabric: Fabric, alice: Principal) -> AdminClient:
    return AdminClient(fabric.settings(alice))


@pytest.fixture(scope="module")
def unharmed(fabric: Fabric, operator: Principal, bob: Principal) -> Iterator[None]:
    """Whatever the tests tried, what the other person has is as it was."""
    before = _belongings(fabric, operator, bob)
    yield
    assert _belongings(fabric, operator, bob) == before


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize("call", CALLS)
def test_admin_call_on_what_is_foreign_is_refused(admin: AdminClient, bob: Principal, call: str) -> None:
    expected, ask = CALLS[call]
    outcome = ask(admin, bob.namespace)
    (future,) = outcome.values() if isinstance(outcome, dict) else [outcome]
    with pytest.raises(KafkaException) as refused:
        future.result(SECONDS)
    assert code_of(refused) == expected


def test_listing_shows_nothing_foreign(fabric: Fabric, admin: AdminClient, bob: Principal) -> None:
    assert _listed(AdminClient(fabric.settings(bob))) == (
        {_topic(bob.namespace), f"{bob.namespace}.drafts"},
        {f"{bob.namespace}.readers"},
    )
    topics, groups = _listed(admin)
    assert not {name for name in topics | groups if name.startswith(bob.namespace)}


@pytest.mark.usefixtures("unharmed")
def test_foreign_topic_cannot_be_written(fabric: Fabric, alice: Principal, bob: Principal) -> None:
    refusals: list[int] = []
    producer = Producer(fabric.settings(alice, enable_idempotence=True))
    producer.produce(
        _topic(bob.namespace),
        b"forged",
        on_delivery=lambda error, _: refusals.append(error.code() if error else 0),
    )
    assert producer.flush(SECONDS) == 0
    assert refusals == [TOPIC]


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize("protocol", ["classic", "consumer"])
@pytest.mark.parametrize(
    ("whose_group", "whose_topic", "expected"), [("own", "foreign", TOPIC), ("foreign", "own", GROUP)]
)
def test_foreign_topic_is_not_read_and_foreign_group_not_joined(
    fabric: Fabric,
    alice: Principal,
    bob: Principal,
    whose_group: str,
    whose_topic: str,
    protocol: str,
    expected: int,
) -> None:
    namespaces = {"own": alice.namespace, "foreign": bob.namespace}
    consumer = Consumer(
        fabric.settings(alice, group_id=f"{namespaces[whose_group]}.readers", group_protocol=protocol)
    )
    try:
        consumer.subscribe([_topic(namespaces[whose_topic])])
        assert error_of_poll(consumer) == expected
    finally:
        consumer.close()


def test_foreign_transactional_id_is_neither_used_nor_fenced(
    fabric: Fabric, alice: Principal, bob: Principal
) -> None:
    transactional_id = f"{bob.namespace}.writer"
    writer = Producer(fabric.settings(bob, transactional_id=transactional_id))
    writer.init_transactions(SECONDS)
    writer.begin_transaction()
    writer.produce(f"{bob.namespace}.drafts", b"two")
    intruder = Producer(fabric.settings(alice, transactional_id=transactional_id))
    with pytest.raises(KafkaException) as refused:
        intruder.init_transactions(SECONDS)
    assert code_of(refused) == TRANSACTIONAL_ID
    # Whoever initialises an id ends its owner's transaction: this one has not been.
    writer.commit_transaction(SECONDS)


def test_offset_of_foreign_group_does_not_enter_a_transaction(
    fabric: Fabric, alice: Principal, bob: Principal
) -> None:
    consumer = Consumer(fabric.settings(alice, group_id=f"{bob.namespace}.readers"))
    producer = Producer(fabric.settings(alice, transactional_id=f"{alice.namespace}.writer"))
    producer.init_transactions(SECONDS)
    producer.begin_transaction()
    try:
        with pytest.raises(KafkaException) as refused:
            producer.send_offsets_to_transaction(
                [_offset(alice.namespace)], consumer.consumer_group_metadata(), SECONDS
            )
        assert code_of(refused) == GROUP
    finally:
        consumer.close()


def test_idempotent_writing_needs_its_own_right(fabric: Fabric) -> None:
    with fabric.connect(fabric.bystander()) as connection:
        response = connection.send(
            "INIT_PRODUCER_ID", {"transactionalId": None, "transactionTimeoutMs": 10000}
        )
    assert fabric.codec.errors(response) == {"": "CLUSTER_AUTHORIZATION_FAILED"}


def _listed(admin: AdminClient) -> tuple[set[str], set[str]]:
    groups = admin.list_consumer_groups().result(SECONDS)
    return set(admin.list_topics(timeout=SECONDS).topics), {group.group_id for group in groups.valid}


def _belongings(fabric: Fabric, operator: Principal, owner: Principal) -> list[Any]:
    """A person's topics with their sizes and settings, and groups with their offsets."""
    topic, group = _topic(owner.namespace), f"{owner.namespace}.readers"
    partitions = [{"partitionIndex": 0, "timestamp": moment} for moment in (-2, -1)]
    with fabric.connect(operator) as connection:
        topics = connection.send("METADATA", {"topics": None})["topics"]
        return [
            [each for each in topics if each["name"].startswith(owner.namespace)],
            *(
                connection.send(
                    "LIST_OFFSETS", {"replicaId": -1, "topics": [{"name": topic, "partitions": [each]}]}
                )
                for each in partitions
            ),
            connection.send("DESCRIBE_CONFIGS", {"resources": [{"resourceType": 2, "resourceName": topic}]}),
            connection.send("DESCRIBE_GROUPS", {"groups": [group]}),
            connection.send("OFFSET_FETCH", {"groups": [{"groupId": group, "topics": None}]}),
        ]

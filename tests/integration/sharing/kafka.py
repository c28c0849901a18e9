"""Kafka's operations as confluent-kafka does them: was it let?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from confluent_kafka import (
    Consumer,
    ConsumerGroupTopicPartitions,
    KafkaError,
    KafkaException,
    Producer,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    ResourceType,
)

from tests.patience import patiently

REFUSALS = frozenset(
    {
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    }
)
_NO_GROUP = frozenset({KafkaError.GROUP_ID_NOT_FOUND})
"""Said only to those who may know."""
_ANSWER_S = 60


class Client:
    """Somebody's settings, and what he asks brokers with.

    Producers and consumers are made anew each time, since they remember topics that they were refused.
    """

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings
        # librdkafka gives up what has no answer after so long, and it is asked again.
        self.admin = AdminClient({**settings, "socket.timeout.ms": 15_000})


Operation = Callable[[Client, str, str], None]
"""Of the name of a topic, group or transactional id, and a topic of the client's own."""


def allowed(operation: str, client: Client, name: str, own: str) -> bool:
    """Whether the broker lets it be done.

    Raises:
        KafkaException: it failed for another reason.
    """
    try:
        patiently(lambda: OPERATIONS[operation](client, name, own))
    except KafkaException as error:
        code = error.args[0].code()
        if code in REFUSALS:
            return False
        if code not in _NO_GROUP:
            raise
    return True


def _describe(client: Client, name: str, _own: str) -> None:
    client.admin.describe_topics(TopicCollection([name]))[name].result(_ANSWER_S)


def _read(client: Client, name: str, own: str) -> None:
    consumer = Consumer({**client.settings, "group.id": f"{own}.readers", "enable.auto.commit": False})
    try:
        # Of a topic that it does not see a consumer hears nothing more, however long it polls.
        if (unseen := consumer.list_topics(name, _ANSWER_S).topics[name].error) is not None:
            raise KafkaException(unseen)
        consumer.assign([TopicPartition(name, 0, 0)])
        message = consumer.poll(_ANSWER_S)
        if message is None:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
        if message.error():
            raise KafkaException(message.error())
    finally:
        consumer.close()


def _write(client: Client, name: str, _own: str) -> None:
    outcomes: list[KafkaError | None] = []
    producer = Producer({**client.settings, "message.timeout.ms": _ANSWER_S * 1000, "linger.ms": 0})
    producer.produce(name, b"another", on_delivery=lambda error, _: outcomes.append(error))
    producer.flush(_ANSWER_S)
    (outcome,) = outcomes or [KafkaError(KafkaError._TIMED_OUT)]
    if outcome is not None:
        raise KafkaException(outcome)


def _describe_configs(client: Client, name: str, _own: str) -> None:
    resource = ConfigResource(ResourceType.TOPIC, name)
    client.admin.describe_configs([resource])[resource].result(_ANSWER_S)


def _alter_configs(client: Client, name: str, _own: str) -> None:
    change = ConfigEntry("retention.ms", "3600000", incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, name, incremental_configs=[change])
    asked = client.admin.incremental_alter_configs([resource], validate_only=True)
    asked[resource].result(_ANSWER_S)


def _add_partitions(client: Client, name: str, _own: str) -> None:
    client.admin.create_partitions([NewPartitions(name, 2)], validate_only=True)[name].result(_ANSWER_S)


def _describe_group(client: Client, name: str, _own: str) -> None:
    client.admin.describe_consumer_groups([name])[name].result(_ANSWER_S)


def _commit(client: Client, name: str, own: str) -> None:
    group = ConsumerGroupTopicPartitions(name, [TopicPartition(own, 0, 0)])
    done = client.admin.alter_consumer_group_offsets([group])[name].result(_ANSWER_S)
    for partition in done.topic_partitions:
        if partition.error:
            raise KafkaException(partition.error)


def _delete_group(client: Client, name: str, _own: str) -> None:
    client.admin.delete_consumer_groups([name])[name].result(_ANSWER_S)


def _begin_transactions(client: Client, name: str, _own: str) -> None:
    Producer({**client.settings, "transactional.id": name}).init_transactions(_ANSWER_S)


OPERATIONS: dict[str, Operation] = {
    "DESCRIBE TOPIC": _describe,
    "READ TOPIC": _read,
    "WRITE TOPIC": _write,
    "DESCRIBE_CONFIGS TOPIC": _describe_configs,
    "ALTER_CONFIGS TOPIC": _alter_configs,
    "ALTER TOPIC": _add_partitions,
    "DESCRIBE GROUP": _describe_group,
    "READ GROUP": _commit,
    "DELETE GROUP": _delete_group,
    "WRITE TRANSACTIONAL_ID": _begin_transactions,
}
"""By the operation that decides, as the table of operations calls it."""

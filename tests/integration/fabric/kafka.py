"""Events of a person, through librdkafka and AWS's signer, as any client would send and read them."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from botocore.credentials import Credentials
from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaException,
    Producer,
    TopicPartition,
)

from octopus.kafka.client import client_settings
from tests.integration.fabric.conftest import RunningFabric
from tests.patience import PATIENCE_S, next_message, patiently

SECONDS = PATIENCE_S


def person(fabric: RunningFabric, name: str) -> tuple[dict[str, Any], str]:
    """Client settings with the person's key, and the person's namespace."""
    session = fabric.session(name)
    key = session.call("POST", "key")
    (namespace,) = session.call("GET", "namespace")["namespaces"]
    settings = client_settings(
        bootstrap_servers=key["endpoint"],
        ca_file=fabric.home / "tls" / "ca.pem",
        credentials=Credentials(key["access_key"], key["secret_key"]),
    )
    return settings, namespace


def produce(fabric: RunningFabric, name: str, topic: str, count: int) -> list[bytes]:
    """Send events to a person's topic, made if need be; returns their values, all acknowledged."""
    settings, namespace = person(fabric, name)
    fabric.session(name).call("POST", f"{namespace}/{topic}")
    values = [uuid.uuid4().bytes for _ in range(count)]
    failed: list[Any] = []
    producer = Producer({**settings, "acks": "all", "enable.idempotence": True})
    for value in values:
        producer.produce(
            f"{namespace}.{topic}",
            value,
            on_delivery=lambda error, _: failed.append(error) if error else None,
        )
    assert producer.flush(SECONDS) == 0
    assert failed == []
    return values


def consume_all(fabric: RunningFabric, name: str, topic: str) -> list[bytes]:
    """Every event that a person's topic holds now, in order."""
    settings, namespace = person(fabric, name)
    partition = TopicPartition(f"{namespace}.{topic}", 0, OFFSET_BEGINNING)
    consumer = Consumer({**settings, "group.id": f"{namespace}.reader", "enable.auto.commit": False})
    try:
        _, end = patiently(partial(consumer.get_watermark_offsets, partition, timeout=SECONDS))
        consumer.assign([partition])
        values: list[bytes] = []
        last = -1
        while last < end - 1:
            message = next_message(consumer)
            if message.error():
                raise KafkaException(message.error())
            value, offset = message.value(), message.offset()
            assert value is not None
            assert offset is not None
            values.append(value)
            last = offset
        return values
    finally:
        consumer.close()

"""Producing and reading, to the end."""

from __future__ import annotations

import time
from typing import cast

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException

from tests.integration.broker.conftest import Tenant
from tests.integration.broker.judge_double import until
from tests.patience import PATIENCE_S


def produce(tenant: Tenant, topic: str, values: list[bytes]) -> list[int]:
    """Send records and wait for all; the error codes of those that were refused."""
    codes: list[int] = []

    def delivered(error: KafkaError | None, _: object) -> None:
        if error is not None:
            codes.append(error.code())

    producer = tenant.producer()
    for value in values:
        try:
            producer.produce(topic, value, on_delivery=delivered)
        except KafkaException as refused:  # known of the topic before it was asked for: said at once
            codes.append(refused.args[0].code())
    assert producer.flush(PATIENCE_S) == 0
    return codes


def read(tenant: Tenant, topic: str, count: int) -> list[bytes]:
    """The first ``count`` records of a topic.

    Raises:
        KafkaException: the broker refused.
    """
    consumer = tenant.consumer()
    values: list[bytes] = []
    deadline = time.monotonic() + PATIENCE_S
    try:
        consumer.subscribe([topic])
        while len(values) < count:
            assert time.monotonic() < deadline, "records did not come in time"
            message = consumer.poll(0.2)
            if message is None:
                continue
            if message.error():
                raise KafkaException(message.error())
            values.append(message.value() or b"")
        return values
    finally:
        consumer.close()


def error_of_poll(consumer: Consumer) -> int:
    """The code of the next error that a consumer meets."""

    def error() -> KafkaError | None:
        message = consumer.poll(0.2)
        return message.error() if message is not None else None

    met = until(error, within_s=PATIENCE_S)
    assert met is not None
    return met.code()


def code_of(raised: pytest.ExceptionInfo[KafkaException]) -> int:
    """The code of Kafka's error."""
    return cast(KafkaError, raised.value.args[0]).code()

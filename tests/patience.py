"""How long tests wait for what is to come, in one place, and what passes by itself meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, Message
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_fixed

PATIENCE_S = 180.0
"""Seconds that a condition is awaited, a process's start, or a reply: no test is about them. What is to come
comes within seconds on a quiet machine; on a busy one with two cores it has taken over a minute."""
PASSING = frozenset(
    {
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError._TIMED_OUT,
        KafkaError._TRANSPORT,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.NOT_COORDINATOR,
        KafkaError.REQUEST_TIMED_OUT,
    }
)
"""What librdkafka says, at once, when one attempt to sign in was too slow; it goes on by itself. And what a
broker says whose topic of all groups' offsets is still being made."""

T = TypeVar("T")


def passes(error: BaseException) -> bool:
    """Whether a call is to be made again."""
    if isinstance(error, KafkaException):
        return error.args[0].code() in PASSING
    return isinstance(error, TimeoutError)


def patiently(ask: Callable[[], T]) -> T:
    """What Kafka answers, once it answers; a refusal is an answer."""
    attempts = Retrying(
        retry=retry_if_exception(passes),
        stop=stop_after_delay(PATIENCE_S),
        wait=wait_fixed(0.3),
        reraise=True,
    )
    return attempts(ask)


def next_message(consumer: Consumer) -> Message:
    """The next record, or the next error that does not pass by itself.

    Raises:
        AssertionError: neither came.
    """
    ends = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends:
        message = consumer.poll(1)
        if message is None:
            continue
        error = message.error()
        if error is None or error.code() not in PASSING:
            return message
    raise AssertionError(f"neither a record nor a refusal within {PATIENCE_S} s")

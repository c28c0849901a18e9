"""Questions to the brokers: each bounded in time, its errors told apart."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any, TypeVar

from confluent_kafka import KafkaError, KafkaException

from octopus.errors import OctopusError, UnavailableError
from octopus.kafka.servers import seconds_left

ASK_S = 4.0
"""One question to the brokers."""
CHANGE_S = 6.0
"""One change, until it can be seen: recreating a topic is a question and two changes, under 25 s with the
wait for its turn."""

Answer = TypeVar("Answer")


class KafkaAwayError(UnavailableError):
    """The brokers did not answer in time, so whether the last change was made is not known."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"Kafka does not answer ({detail}): try again")


class KafkaRefusedError(OctopusError):
    """The brokers answered, and will not do it."""


def time_left(ends: float) -> float:
    """Seconds until ``ends`` on the monotonic clock, and always enough to ask at all."""
    return seconds_left(ends, most_s=math.inf)


def answer_of(future: Future[Any], ends: float) -> Any:
    """What the brokers say to one question that librdkafka has sent."""
    # librdkafka answers by its own time-out first; the margin is for the hand-over between threads.
    return future.result(timeout=time_left(ends) + 0.5)


def guarded(call: Callable[[], Answer], what: str) -> Answer:
    """``call``'s answer, with the brokers' errors told apart: away, or refused."""
    try:
        return call()
    except FutureTimeoutError as error:
        raise KafkaAwayError("timed out") from error
    except KafkaException as error:
        fault: KafkaError = error.args[0]
        if is_away(fault):
            raise KafkaAwayError(str(fault.name())) from error
        raise KafkaRefusedError(f"Kafka refused to do this for {what}: {fault.name()}") from error


def is_away(fault: KafkaError) -> bool:
    """Whether the error says "not now" rather than "no": librdkafka's own errors and the retriable ones."""
    return fault.code() < 0 or fault.retriable() or fault.code() in _NOT_LET_IN


_NOT_LET_IN: Iterable[int] = (
    KafkaError.SASL_AUTHENTICATION_FAILED,  # a judge that is away looks like this
    KafkaError.REQUEST_TIMED_OUT,
    KafkaError.THROTTLING_QUOTA_EXCEEDED,  # MSK Serverless takes two changes of topics a second
    KafkaError.NOT_CONTROLLER,
)

"""Records that are written and read without a pause, whatever happens to the brokers meanwhile."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any, Self

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer

PATIENCE_SECONDS = 180
"""Until a write that no broker takes counts as failed."""
_GAP_SECONDS = 1.0


class Writer:
    """Writes numbered records, each acknowledged by every in-sync replica, until its block ends.

    Attributes:
        acknowledged: values that the brokers said they have, in order.
        gaps: seconds, of more than one each, in which nothing was acknowledged; in order.
    """

    def __init__(
        self,
        settings: dict[str, Any],
        topic: str,
        *,
        first: int = 0,
        pause_seconds: float = 0.005,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        """Write to ``topic``, a record every ``pause_seconds``."""
        self._topic = topic
        self._first = first
        self._pause_seconds = pause_seconds
        self._patience_seconds = patience_seconds
        self._producer = Producer(
            {
                **settings,
                "acks": "all",
                "enable.idempotence": True,
                "message.timeout.ms": int(patience_seconds * 1000),
                "linger.ms": 5,
            }
        )
        self.acknowledged: list[bytes] = []
        self.gaps: list[float] = []
        self._last = time.monotonic()
        self._failures: list[KafkaError] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join()
        assert self._producer.flush(self._patience_seconds) == 0
        assert self._failures == []
        logging.getLogger(__name__).info(
            "%d records acknowledged, the longest gap was %.1f s",
            len(self.acknowledged),
            max(self.gaps, default=0),
        )

    def _write(self) -> None:
        number = self._first
        while not self._stop.wait(self._pause_seconds):
            self._producer.produce(self._topic, b"%d" % number, on_delivery=self._delivered)
            self._producer.poll(0)
            number += 1

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._failures.append(error)
            return
        value = message.value()
        assert value is not None
        self.acknowledged.append(value)
        now = time.monotonic()
        if now - self._last > _GAP_SECONDS:
            self.gaps.append(now - self._last)
        self._last = now


class Reader:
    """Reads a topic from its beginning, as a member of a group, until its block ends.

    Attributes:
        read: values in the order in which they came; after a rebalance some may come twice.
    """

    def __init__(self, settings: dict[str, Any], topic: str, group: str) -> None:
        self._consumer = Consumer({**settings, "group.id": group, "auto.offset.reset": "earliest"})
        self._consumer.subscribe([topic])
        self.read: list[bytes] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read)
        self._refused: KafkaError | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join()
        self._consumer.close()

    def await_all(self, values: list[bytes]) -> None:
        """Wait until each of these has been read.

        Raises:
            AssertionError: they have not come in time.
            KafkaException: the brokers refused.
        """
        wanted = set(values)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while missing := wanted.difference(self.read):
            if self._refused is not None:
                raise KafkaException(self._refused)
            assert time.monotonic() < deadline, f"{len(missing)} of {len(wanted)} records were not read"
            time.sleep(0.2)

    def _read(self) -> None:
        while not self._stop.is_set() and self._refused is None:
            message = self._consumer.poll(0.2)
            if message is None:
                continue
            error = message.error()
            if error is None:
                value = message.value()
                assert value is not None
                self.read.append(value)
            elif not error.retriable() and error.code() in _REFUSALS:
                self._refused = error


_REFUSALS = (
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.SASL_AUTHENTICATION_FAILED,
)

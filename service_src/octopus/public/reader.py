"""Reads a few records of one partition, with a small number of consumers that all requests share."""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from octopus.errors import OverLimitError
from octopus.kafka.asking import ASK_S, KafkaAwayError, guarded, time_left

MOST_BYTES = 1 << 20
"""Keys, values and headers of one answer; a record that alone has more comes alone."""
LARGEST_RECORD = 4 << 20
"""Bytes. A larger one comes without its content: a gateway passes ten million on, and base64 adds a third."""
_READ_S = 5.0
"""The longest that one answer collects records."""
_WAIT_S = 1.0
"""How long a request waits for a consumer."""
_CONSUMERS = 4
_CONSUMER_LIFE_S = 600.0
"""A token lives for a quarter of an hour, and a consumer that nobody asks fetches no new one."""
_GROUP = "octopus-public"
"""librdkafka wants a name; partitions are assigned and no offset is committed, so no group is ever joined."""


@dataclass(frozen=True)
class RecordSpan:
    """Records of one partition, one after another."""

    earliest: int
    """Of the first record that there is."""
    latest: int
    """Of the next record that will come."""
    next_offset: int
    """Where to go on."""
    records: list[Message]


class NoPartitionError(Exception):
    """The topic, or this partition of it, does not exist."""


class RecordReader:
    """Reads with the service's own rights. Safe to share between threads."""

    def __init__(self, settings: Callable[[], dict[str, Any]]) -> None:
        """
        Args:
            settings: gives librdkafka's settings when a consumer is needed.
        """
        self._settings = settings
        self._idle: queue.LifoQueue[tuple[Consumer, float] | None] = queue.LifoQueue()
        for _ in range(_CONSUMERS):
            self._idle.put(None)

    def read(self, topic: str, partition: int, *, offset: int | None, latest: bool, limit: int) -> RecordSpan:
        """Up to ``limit`` committed records from an offset on; fewer at the log's end or at the bounds above.

        Args:
            offset: to begin at, or the first record after it that there still is; None for an end.
            latest: whether that is the log's later end, where no record is yet.

        Raises:
            NoPartitionError: there is no such topic or partition.
            OverLimitError: all consumers are at work.
            KafkaAwayError: no answer.
        """
        ends = time.monotonic() + ASK_S
        with self._consumer() as consumer:
            earliest, end = guarded(lambda: _watermarks(consumer, topic, partition, ends), topic)
            start = end if latest else earliest
            if offset is not None:
                start = min(max(offset, earliest), end)
            if start == end:
                return RecordSpan(earliest, end, start, [])
            place = TopicPartition(topic, partition, start)
            records, next_offset = guarded(lambda: _records(consumer, place, limit), topic)
            return RecordSpan(earliest, end, next_offset, records)

    def close(self) -> None:
        """Leave Kafka; the next use connects again."""
        for _ in range(_CONSUMERS):
            try:
                held = self._idle.get(timeout=_READ_S)
            except queue.Empty:
                return  # a request is at it, and is ended with its process
            if held is not None:
                held[0].close()
            self._idle.put(None)

    @contextmanager
    def _consumer(self) -> Iterator[Consumer]:
        try:
            held = self._idle.get(timeout=_WAIT_S)
        except queue.Empty:
            raise OverLimitError(
                "public records: as many requests as can be served at once are under way", retry_after_s=1
            ) from None
        kept: tuple[Consumer, float] | None = None
        try:
            if held is not None and held[1] < time.monotonic():
                held[0].close()
                held = None
            held = held or (self._connect(), time.monotonic() + _CONSUMER_LIFE_S)
            try:
                yield held[0]
                held[0].unassign()
                kept = held
            except NoPartitionError:
                kept = held  # nothing was begun, and nobody shall wear connections out by asking so
                raise
            finally:
                if kept is None:
                    held[0].close()
        finally:
            self._idle.put(kept)

    def _connect(self) -> Consumer:
        bounds = {
            "group.id": _GROUP,
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "enable.partition.eof": True,
            # The log may lose records between the question where it begins and the first fetch.
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
            "allow.auto.create.topics": False,
            "fetch.message.max.bytes": MOST_BYTES,
            "queued.max.messages.kbytes": 2 * MOST_BYTES >> 10,
            "fetch.wait.max.ms": 100,
            "socket.timeout.ms": 6000,
            "socket.connection.setup.timeout.ms": 5000,
            "reconnect.backoff.max.ms": 1000,
        }
        try:
            return Consumer({**self._settings(), **bounds}, logger=logging.getLogger("librdkafka"))
        except KafkaException as error:
            raise KafkaAwayError(str(error.args[0].name())) from error


def size_of(record: Message) -> int:
    """Bytes of key, value and headers."""
    key, value = record.key() or b"", record.value() or b""
    return (
        len(key) + len(value) + sum(len(name) + len(content or b"") for name, content in headers_of(record))
    )


def headers_of(record: Message) -> list[tuple[str, bytes | None]]:
    """Names and contents, in order; a name may come more than once."""
    return cast("list[tuple[str, bytes | None]]", record.headers() or [])


_REFUSED = (
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
)
"""Of rights that the service has: a broker does not know them for a while, once its judge was away."""
_NO_PARTITION = (
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError._UNKNOWN_PARTITION,
    KafkaError._UNKNOWN_TOPIC,
)


def _watermarks(consumer: Consumer, topic: str, partition: int, ends: float) -> tuple[int, int]:
    try:
        earliest, latest = consumer.get_watermark_offsets(
            TopicPartition(topic, partition), timeout=time_left(ends)
        )
    except KafkaException as error:
        if error.args[0].code() in _NO_PARTITION:
            raise NoPartitionError from None
        raise _told_apart(error.args[0]) from None
    return earliest, latest


def _records(consumer: Consumer, place: TopicPartition, limit: int) -> tuple[list[Message], int]:
    """Records from a place on, and the offset after what was read."""
    ends = time.monotonic() + _READ_S
    records: list[Message] = []
    total, next_offset = 0, place.offset
    consumer.assign([place])
    while len(records) < limit and time.monotonic() < ends:
        record = consumer.poll(time_left(ends))
        if record is None:
            continue
        fault = record.error()
        if fault is not None:
            if fault.code() == KafkaError._PARTITION_EOF:
                # Behind the last record may be marks of transactions, which are no records.
                return records, max(next_offset, record.offset() or 0)
            raise _told_apart(fault)
        size = size_of(record)
        if records and total + size > MOST_BYTES:
            break
        records.append(record)
        total += size
        next_offset = (record.offset() or 0) + 1
    return records, next_offset


def _told_apart(fault: KafkaError) -> Exception:
    return KafkaAwayError(str(fault.name())) if fault.code() in _REFUSED else KafkaException(fault)

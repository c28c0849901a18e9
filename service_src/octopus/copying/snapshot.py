"""A topic's log as it is at one moment, read from its beginning to its end."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from confluent_kafka import (
    TIMESTAMP_CREATE_TIME,
    TIMESTAMP_NOT_AVAILABLE,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from octopus.errors import ForbiddenError, NotFoundError
from octopus.kafka.asking import KafkaAwayError, KafkaRefusedError, is_away

ANSWER_S = 20.0
"""One question, and the longest silence of brokers that have more to give; a person waits at the terminal."""
_AT_ONCE = 500
LARGEST = 100 << 20
"""Bytes of one batch that is taken: far above what a fabric lets anybody write."""


@dataclass(frozen=True)
class Extent:
    """What one partition holds."""

    partition: int
    first: int
    """Offset of the oldest record."""
    end: int
    """Offset after the newest one."""

    @property
    def count(self) -> int:
        """The most records that it may hold: compaction and transactions leave gaps."""
        return self.end - self.first


@dataclass(frozen=True)
class Record:
    """One record as the brokers hold it."""

    partition: int
    offset: int
    timestamp_ms: int | None
    """Since the epoch; None for a record without one."""
    from_writer: bool
    """Whether the timestamp is the writer's (``CreateTime``), rather than the broker's."""
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]


class Snapshot:
    """Reads what a topic holds when it is opened; what comes later is left. Order within a partition is kept.

    Of transactions only what was committed is read, and nothing behind one that is still open.
    """

    def __init__(self, settings: Mapping[str, Any], topic: str, *, group: str) -> None:
        """
        Args:
            settings: librdkafka's, with the caller's key.
            topic: full name.
            group: one that the key may use; nothing is committed to it.

        Raises:
            NotFoundError: there is no such topic, or the key may not know of it.
            KafkaAwayError: no answer.
        """
        self._topic = topic
        self._consumer = Consumer(
            {
                **settings,
                "group.id": group,
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "isolation.level": "read_committed",
                "fetch.max.bytes": LARGEST,
                "receive.message.max.bytes": LARGEST + 1024,
            },
            logger=logging.getLogger("librdkafka"),
        )
        try:
            self.extents = tuple(self._extent(partition) for partition in self._partitions())
        except BaseException:
            self._consumer.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._consumer.close()

    @property
    def count(self) -> int:
        """The most records that there may be."""
        return sum(extent.count for extent in self.extents)

    def records(self) -> Iterator[Record]:
        """Every record.

        Raises:
            ForbiddenError: the key may not read the topic.
            KafkaAwayError: the brokers have been silent for `ANSWER_S`.
            KafkaRefusedError: they will not give the records.
        """
        left = {extent.partition: extent.end for extent in self.extents if extent.count}
        self._consumer.incremental_assign(
            [TopicPartition(self._topic, one.partition, one.first) for one in self.extents if one.count]
        )
        heard = time.monotonic()
        while left:
            batch = self._consumer.consume(_AT_ONCE, timeout=1.0)
            if batch:
                heard = time.monotonic()
            elif time.monotonic() - heard > ANSWER_S:
                raise KafkaAwayError("timed out")
            for message in batch:
                partition, offset = _place(message, self._topic)
                end = left.get(partition)
                if end is None:
                    continue
                if message.error() is None and offset < end:
                    yield _record(message, partition, offset)
                if message.error() is not None or offset >= end - 1:
                    del left[partition]
                    self._consumer.incremental_unassign([TopicPartition(self._topic, partition)])

    def _partitions(self) -> list[int]:
        try:
            found = self._consumer.list_topics(self._topic, timeout=ANSWER_S).topics[self._topic]
        except KafkaException as error:
            raise _told(error.args[0], self._topic) from error
        if found.error is not None:
            raise _told(found.error, self._topic)
        return sorted(found.partitions)

    def _extent(self, partition: int) -> Extent:
        place = TopicPartition(self._topic, partition)
        try:
            bounds = self._consumer.get_watermark_offsets(place, timeout=ANSWER_S)
        except KafkaException as error:
            raise _told(error.args[0], self._topic) from error
        if bounds is None:
            raise KafkaAwayError("timed out")
        return Extent(partition, *bounds)


def _record(message: Message, partition: int, offset: int) -> Record:
    kind, timestamp_ms = message.timestamp()
    headers: Any = message.headers() or ()  # pairs; librdkafka's own types allow for what is only written
    return Record(
        partition,
        offset,
        None if kind == TIMESTAMP_NOT_AVAILABLE else timestamp_ms,
        kind == TIMESTAMP_CREATE_TIME,
        _bytes(message.key()),
        _bytes(message.value()),
        tuple((name, value) for name, value in headers),
    )


def _bytes(content: str | bytes | None) -> bytes | None:
    return content.encode() if isinstance(content, str) else content


def _place(message: Message, topic: str) -> tuple[int, int]:
    """Where a record is, or where its partition ends.

    Raises:
        OctopusError: the brokers gave an error instead.
    """
    fault = message.error()
    partition, offset = message.partition(), message.offset()
    if (
        (fault is not None and fault.code() != KafkaError._PARTITION_EOF)
        or partition is None
        or offset is None
    ):
        raise _told(fault or KafkaError(KafkaError.UNKNOWN), topic)
    return partition, offset


def _told(fault: KafkaError, topic: str) -> Exception:
    if fault.code() in (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC):
        return NotFoundError(f"Topic {topic} does not exist, or your key may not know of it")
    if fault.code() in (KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED):
        return ForbiddenError(f"Your key may not read {topic}")
    if is_away(fault):
        return KafkaAwayError(str(fault.name()))
    return KafkaRefusedError(f"Kafka refused to do this for {topic}: {fault.name()}")

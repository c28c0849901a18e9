"""A topic's records copied into another topic: keys, values, headers, timestamps and partitions are kept."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from octopus.copying.snapshot import ANSWER_S, LARGEST, Record, Snapshot
from octopus.errors import InvalidError
from octopus.kafka.asking import KafkaAwayError, KafkaRefusedError, is_away

Progress = Callable[[int], None]
"""Is told how many records were handed over so far."""


def copy(
    settings: Mapping[str, Any],
    *,
    source: str,
    destination: str,
    group: str,
    append: bool,
    progress: Progress,
) -> dict[int, int]:
    """Each record that the source holds now is in the destination, in the same partition and order.

    Offsets are the destination's own. Where its timestamps are of `LogAppendTime`, the brokers set them anew.

    Args:
        settings: librdkafka's, with a key that may read the source and write the destination.
        source: full name.
        destination: full name; it has at least as many partitions.
        group: a consumer group that the key may use.
        append: whether the destination may hold records already.

    Returns:
        How many records were copied, by partition.

    Raises:
        InvalidError: the destination holds records, or has fewer partitions; nothing was copied.
        NotFoundError, ForbiddenError: there is no such topic, or the key may not use it.
        KafkaAwayError: no answer; part of it may be copied.
        KafkaRefusedError: the brokers would not take a record; those before it may be copied.
    """
    if source == destination:
        raise InvalidError(f"destination: another topic than the source, received {destination}")
    with Snapshot(settings, source, group=group) as snapshot:
        _require_room(settings, snapshot, destination, group, append=append)
        return _Writer(settings, destination).write(snapshot, progress)


def _require_room(
    settings: Mapping[str, Any], source: Snapshot, destination: str, group: str, *, append: bool
) -> None:
    with Snapshot(settings, destination, group=group) as held:
        has, needs = len(held.extents), len(source.extents)
        if has < needs:
            raise InvalidError(
                f"destination: at least the source's {needs} partitions, received {destination} with {has}"
            )
        if held.count and not append:
            raise InvalidError(
                f"destination: a topic without records, unless you append; received {destination} with up to"
                f" {held.count}"
            )


class _Writer:
    """Writes records, each once, and stops at the first that is not taken."""

    def __init__(self, settings: Mapping[str, Any], topic: str) -> None:
        self._topic = topic
        self._written: dict[int, int] = {}
        self._fault: KafkaError | None = None
        self._producer: Producer = Producer(
            {
                **settings,
                "enable.idempotence": True,
                "linger.ms": 20,
                "message.max.bytes": LARGEST,
                "delivery.timeout.ms": int(ANSWER_S * 1000),
            },
            logger=logging.getLogger("librdkafka"),
        )

    def write(self, snapshot: Snapshot, progress: Progress) -> dict[int, int]:
        for number, record in enumerate(snapshot.records(), start=1):
            self._hand_over(record)
            progress(number)
        if self._producer.flush(2 * ANSWER_S):
            raise KafkaAwayError("timed out")
        self._require_taken()
        return dict(sorted(self._written.items()))

    def _hand_over(self, record: Record) -> None:
        timestamp = {} if record.timestamp_ms is None else {"timestamp": record.timestamp_ms}
        sent: dict[str, Any] = {
            "value": record.value,
            "key": record.key,
            "headers": list(record.headers),
            "partition": record.partition,
            **timestamp,
        }
        while True:
            self._require_taken()
            try:
                self._producer.produce(self._topic, **sent, on_delivery=self._delivered)
            except BufferError:
                self._producer.poll(0.1)
            except KafkaException as error:
                raise KafkaRefusedError(self._refusal(error.args[0])) from error
            else:
                self._producer.poll(0)
                return

    def _delivered(self, fault: KafkaError | None, message: Message) -> None:
        partition = message.partition()
        if fault is not None:
            self._fault = self._fault or fault
        elif partition is not None:
            self._written[partition] = self._written.get(partition, 0) + 1

    def _require_taken(self) -> None:
        fault = self._fault
        if fault is None:
            return
        self._producer.purge()
        if is_away(fault):
            raise KafkaAwayError(self._refusal(fault))
        raise KafkaRefusedError(self._refusal(fault))

    def _refusal(self, fault: KafkaError) -> str:
        written = sum(self._written.values())
        return f"{self._topic} took {written} records, and not the next one: {fault.name()}"

"""Where a topic's log begins and ends, and the deletion of its oldest records, by Kafka's admin protocol."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from octopus.kafka.asking import ASK_S, CHANGE_S, answer_of, guarded, time_left


@dataclass(frozen=True)
class Span:
    """Offsets of one partition."""

    earliest: int
    """Of the first record that there is; deletion moves it up."""
    latest: int
    """Of the next record that comes."""


class OffsetAdmin:
    """Reads offsets, and deletes records before them. Safe to share between threads."""

    def __init__(self, client: Callable[[], AdminClient]) -> None:
        """
        Args:
            client: gives the process's one admin client (`TopicAdmin.connected`).
        """
        self._client = client

    def spans(self, name: str, partitions: int) -> dict[int, Span]:
        """Offsets of each partition of a topic.

        Raises:
            KafkaAwayError: no answer.
            KafkaRefusedError: there is no such topic, or it has fewer partitions.
        """
        ends = time.monotonic() + ASK_S

        def ask(spec: OffsetSpec) -> dict[int, int]:
            wanted = {TopicPartition(name, number): spec for number in range(partitions)}
            asked = self._client().list_offsets(wanted, request_timeout=time_left(ends))
            return {place.partition: answer_of(future, ends).offset for place, future in asked.items()}

        def both() -> dict[int, Span]:
            earliest = ask(OffsetSpec.earliest())  # type: ignore[no-untyped-call]
            latest = ask(OffsetSpec.latest())  # type: ignore[no-untyped-call]
            return {number: Span(earliest[number], latest[number]) for number in sorted(earliest)}

        return guarded(both, name)

    def delete_before(self, name: str, offsets: Mapping[int, int]) -> dict[int, int]:
        """No record before these offsets is left, and those from them on are.

        Args:
            offsets: by partition.

        Returns:
            Offset of the first record that is left, by partition.

        Raises:
            KafkaAwayError: it is not known which were deleted.
            KafkaRefusedError: of at least one partition none was deleted.
        """
        ends = time.monotonic() + CHANGE_S

        def change() -> dict[int, int]:
            wanted = [TopicPartition(name, number, offset) for number, offset in offsets.items()]
            asked = self._client().delete_records(
                wanted, operation_timeout=time_left(ends), request_timeout=time_left(ends)
            )
            left = {place.partition: answer_of(future, ends).low_watermark for place, future in asked.items()}
            return dict(sorted(left.items()))

        return guarded(change, name)

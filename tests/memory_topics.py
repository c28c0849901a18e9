"""Settings and offsets of topics in memory, beside `tests.memory_kafka.MemoryKafka`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from octopus.kafka.admin import KafkaTopic
from octopus.kafka.asking import KafkaRefusedError
from octopus.kafka.configs import Config, ConfigAdmin
from octopus.kafka.offsets import OffsetAdmin, Span

Before = Callable[[str], None]
"""Is told of a call by name, and raises when it is to fail."""


class MemoryConfigs(ConfigAdmin):
    """Holds topics' own configurations; there are no brokers' defaults.

    Attributes:
        own: of each topic, by name.
    """

    def __init__(self, held: dict[str, KafkaTopic], before: Before, after: Before) -> None:
        self.own: dict[str, dict[str, str]] = {}
        self._held = held
        self._before = before
        self._after = after

    def describe(self, name: str) -> dict[str, Config]:
        """See `ConfigAdmin.describe`."""
        self._before("configs")
        self._after("configs")
        return {config: Config(value, own=True) for config, value in self.own.get(name, {}).items()}

    def alter(self, name: str, changes: Mapping[str, str | None]) -> None:
        """See `ConfigAdmin.alter`."""
        self._before("alter")
        own = {**self.own.get(name, {}), **changes}
        self.own[name] = {config: value for config, value in own.items() if value is not None}
        self._after("alter")

    def set_partitions(self, name: str, count: int) -> None:
        """See `ConfigAdmin.set_partitions`."""
        self._before("partitions")
        if count <= self._held[name].partitions:
            raise KafkaRefusedError("INVALID_PARTITIONS")
        self._held[name] = replace(self._held[name], partitions=count)
        self._after("partitions")


class MemoryOffsets(OffsetAdmin):
    """Logs of ten records a partition.

    Attributes:
        earliest: of topics whose oldest records were deleted, by topic and partition.
    """

    def __init__(self, before: Before) -> None:
        self.earliest: dict[tuple[str, int], int] = {}
        self._before = before

    def spans(self, name: str, partitions: int) -> dict[int, Span]:
        """See `OffsetAdmin.spans`."""
        self._before("offsets")
        return {number: Span(self.earliest.get((name, number), 0), 10) for number in range(partitions)}

    def delete_before(self, name: str, offsets: Mapping[int, int]) -> dict[int, int]:
        """See `OffsetAdmin.delete_before`."""
        self._before("delete_records")
        for number, offset in offsets.items():
            self.earliest[name, number] = max(offset, self.earliest.get((name, number), 0))
        return {number: self.earliest[name, number] for number in offsets}

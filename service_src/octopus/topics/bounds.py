"""Between which values a topic's settings may be, in a deployment and in a project."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from octopus.settings import DeployedSettings
from octopus.topics.settings import MS_AN_HOUR, TopicSettings

_LEAST = {"partitions": 1, "retention_ms": 60_000, "retention_bytes": 1 << 20, "max_message_bytes": 1024}
"""A minute, a mebibyte, a kibibyte: less than that is a slip of the pen."""


@dataclass(frozen=True)
class Refusal:
    """A setting that cannot be what was asked for."""

    field: str
    reason: str
    """Rule and value received, without the field's name."""

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}"


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """The most that a topic may be given."""

    partitions: int
    retention_ms: int
    retention_bytes: int
    """Of one partition."""
    max_message_bytes: int
    where: str = "in this deployment"

    @classmethod
    def of(cls, settings: DeployedSettings) -> Bounds:
        """Those of a deployment."""
        return cls(
            partitions=settings.topic_partitions_most,
            retention_ms=settings.topic_retention_hours_most * MS_AN_HOUR,
            retention_bytes=settings.topic_retention_bytes_most,
            max_message_bytes=settings.topic_message_bytes_most,
        )

    def refusals(self, settings: TopicSettings, fields: Iterable[str]) -> list[Refusal]:
        """What is out of bounds of these fields, with the range that is allowed."""
        refused = []
        for field in sorted(_LEAST.keys() & set(fields)):
            least, most, value = _LEAST[field], getattr(self, field), getattr(settings, field)
            if value is not None and not least <= value <= most:
                refused.append(Refusal(field, f"{least} to {most} {self.where}, received {value}"))
        return refused

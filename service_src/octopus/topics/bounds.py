"""Between which values a topic's settings may be: in a deployment, and closer where a project says so."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from octopus.kafka.kinds import KINDS
from octopus.settings import DeployedSettings
from octopus.topics.about import About
from octopus.topics.settings import KAFKA_NAMES, MS_AN_HOUR, TopicSettings

_LEAST = {"partitions": 1, "retention_ms": 60_000, "retention_bytes": 1 << 20, "max_message_bytes": 1024}
"""A minute, a mebibyte, a kibibyte: less than that is a slip of the pen."""
BOUNDED = frozenset(_LEAST)
"""Fields of `TopicSettings` that have bounds."""


@dataclass(frozen=True)
class Refusal:
    """A field that cannot be what was asked for."""

    field: str
    reason: str
    """Rule and value received, without the field's name."""

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}"


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """The most that a topic may be given, by field of `TopicSettings`."""

    most: Mapping[str, int]
    public: bool
    """Whether a topic may be read by everybody."""
    kind: str = "external"
    """Who runs the brokers, as the setting ``kafka`` has it."""
    closer: Mapping[str, int] = field(default_factory=dict)
    """What the topic's project allows, where it says so."""

    @classmethod
    def of(cls, settings: DeployedSettings) -> Bounds:
        """Those of a deployment."""
        largest = KINDS[settings.kafka].largest_message_bytes or settings.topic_message_bytes_most
        return cls(
            kind=settings.kafka,
            most={
                "partitions": settings.topic_partitions_most,
                "retention_ms": settings.topic_retention_hours_most * MS_AN_HOUR,
                "retention_bytes": settings.topic_retention_bytes_most,
                "max_message_bytes": min(largest, settings.topic_message_bytes_most),
            },
            public=settings.public_requests > 0,
        )

    def inside(self, project: Mapping[str, int]) -> Bounds:
        """Those of a project in the deployment, which never allows more.

        Args:
            project: the most that it allows, by field; those left out are the deployment's.
        """
        return replace(self, closer=project)

    def refusals(self, settings: TopicSettings, about: About, fields: Collection[str]) -> list[Refusal]:
        """What is out of bounds of these fields, with the range that is allowed."""
        configs = KINDS[self.kind].configs
        refused = [
            Refusal(name, f"topics of {self.kind} have no such setting, received {getattr(settings, name)}")
            for name, config in KAFKA_NAMES.items()
            if name in fields and config not in configs and getattr(settings, name) is not None
        ]
        for name in sorted(BOUNDED & set(fields)):
            value = getattr(settings, name)
            most = min(self.most[name], self.closer.get(name, self.most[name]))
            if value is not None and not _LEAST[name] <= value <= most:
                where = "deployment" if most == self.most[name] else "project"
                hours = f" ({most // MS_AN_HOUR} hours)" if name == "retention_ms" else ""
                rule = f"{_LEAST[name]} to {most}{hours} in this {where}, received {value}"
                refused.append(Refusal(name, rule))
        if "public" in fields and about.public and not self.public:
            refused.append(Refusal("public", "this deployment lets nobody read without login, received true"))
        return refused

    def fixed(self, name: str) -> Refusal | None:
        """Why a field of a topic that is there cannot be changed, if it cannot."""
        if KAFKA_NAMES.get(name) in KINDS[self.kind].only_at_first:
            return Refusal(name, f"{self.kind} takes it only when a topic is made: make another one")
        return None

"""A topic's settings: how many partitions, and how long and how large the log is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

MS_AN_HOUR = 3_600_000

CleanupPolicy = Literal["delete", "compact", "compact,delete"]
TimestampType = Literal["CreateTime", "LogAppendTime"]

KAFKA_NAMES = {
    "retention_ms": "retention.ms",
    "retention_bytes": "retention.bytes",
    "cleanup_policy": "cleanup.policy",
    "max_message_bytes": "max.message.bytes",
    "timestamp_type": "message.timestamp.type",
}
"""Kafka's own names of what is one of its topic configurations."""


class TopicSettings(BaseModel):
    """Settings of one topic; None is the brokers' default, which for partitions is one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    partitions: Annotated[int | None, Field(description="They can become more, never fewer.")] = None
    retention_ms: Annotated[
        int | None, Field(description="For how long records are kept, ms; `retention_hours` says it shorter.")
    ] = None
    retention_bytes: Annotated[
        int | None, Field(description="Bytes that each partition keeps; no bound by size by default.")
    ] = None
    cleanup_policy: Annotated[
        CleanupPolicy | None,
        Field(description="Records go when they are old (`delete`), or when their key has a newer one."),
    ] = None
    max_message_bytes: Annotated[int | None, Field(description="Of the largest batch of records.")] = None
    timestamp_type: Annotated[
        TimestampType | None,
        Field(description="Whose clock a record's timestamp is of: writer's or broker's."),
    ] = None

    def configs(self) -> dict[str, str]:
        """What is not left to the brokers, under Kafka's names; partitions are no configuration."""
        told = ((kafka, getattr(self, field)) for field, kafka in KAFKA_NAMES.items())
        return {name: str(value) for name, value in told if value is not None}

    def configs_unlike(self, others: TopicSettings) -> dict[str, str | None]:
        """Those that are not the same in other settings, under Kafka's names; None is left to the brokers."""
        told, other = self.configs(), others.configs()
        return {name: told.get(name) for name in KAFKA_NAMES.values() if told.get(name) != other.get(name)}

    def told(self) -> dict[str, Any]:
        """By field, what is not left to the brokers: the form in which they are stored."""
        return self.model_dump(exclude_none=True)

    @classmethod
    def held(cls, partitions: int, configs: Mapping[str, str]) -> TopicSettings:
        """Settings that brokers hold.

        Args:
            partitions: how many the topic has.
            configs: Kafka's own configurations by name; others than these settings are passed over.
        """
        told: dict[str, Any] = {
            field: configs[kafka] for field, kafka in KAFKA_NAMES.items() if kafka in configs
        }
        if told.get("retention_bytes") == "-1":
            told["retention_bytes"] = None
        if "cleanup_policy" in told:
            # Kafka keeps the order in which the two were once written.
            told["cleanup_policy"] = ",".join(sorted(told["cleanup_policy"].replace(" ", "").split(",")))
        return cls(partitions=partitions, **told)


class AskedSettings(TopicSettings):
    """Settings as a request names them: those left out stay as they are, null is the brokers' default."""

    retention_hours: Annotated[
        int | None, Field(description="For how long records are kept, hours; instead of `retention_ms`.")
    ] = None

    @model_validator(mode="after")
    def _once(self) -> Self:
        if {"retention_hours", "retention_ms"} <= self.model_fields_set:
            raise ValueError("retention_hours and retention_ms say the same: name one of them")
        return self

    def changes(self) -> dict[str, Any]:
        """What the request names, by field of `TopicSettings`; hours have become milliseconds."""
        named = {
            field: getattr(self, field)
            for field in TopicSettings.model_fields
            if field in self.model_fields_set
        }
        if "retention_hours" in self.model_fields_set:
            hours = self.retention_hours
            named["retention_ms"] = None if hours is None else hours * MS_AN_HOUR
        return named

    def settings(self) -> TopicSettings:
        """What the request names, and nothing else."""
        return TopicSettings(**self.changes())

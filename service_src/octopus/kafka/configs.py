"""Settings of topics by Kafka's own admin protocol: configurations, and the number of partitions."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ConfigSource,
    NewPartitions,
    ResourceType,
)

from octopus.kafka.asking import ASK_S, CHANGE_S, answer_of, guarded, time_left


@dataclass(frozen=True)
class Config:
    """One configuration of a topic."""

    value: str
    own: bool
    """Whether it is the topic's own, rather than the brokers' default."""


class ConfigAdmin:
    """Reads and changes settings of topics. Safe to share between threads."""

    def __init__(self, client: Callable[[], AdminClient]) -> None:
        """
        Args:
            client: gives the process's one admin client (`TopicAdmin.connected`).
        """
        self._client = client

    def describe(self, name: str) -> dict[str, Config]:
        """Every configuration that holds for a topic, by Kafka's name of it.

        Raises:
            KafkaAwayError: no answer.
            KafkaRefusedError: there is no such topic.
        """
        ends = time.monotonic() + ASK_S
        resource = ConfigResource(ResourceType.TOPIC, name)

        def ask() -> dict[str, Config]:
            asked = self._client().describe_configs([resource], request_timeout=time_left(ends))
            entries: Mapping[str, ConfigEntry] = answer_of(asked[resource], ends)
            return {
                entry.name: Config(
                    entry.value, ConfigSource(entry.source) is ConfigSource.DYNAMIC_TOPIC_CONFIG
                )
                for entry in entries.values()
                if entry.value is not None
            }

        return guarded(ask, name)

    def alter(self, name: str, changes: Mapping[str, str | None]) -> None:
        """The topic has these configurations, and keeps its others.

        Args:
            changes: by Kafka's name; None gives one back to the brokers' default.

        Raises:
            KafkaAwayError: it is not known whether they were changed.
            KafkaRefusedError: none was changed.
        """
        if not changes:
            return
        ends = time.monotonic() + CHANGE_S
        entries = [
            ConfigEntry(
                config,
                value,
                incremental_operation=AlterConfigOpType.DELETE if value is None else AlterConfigOpType.SET,
            )
            for config, value in changes.items()
        ]
        resource = ConfigResource(ResourceType.TOPIC, name, incremental_configs=entries)

        def change() -> None:
            asked = self._client().incremental_alter_configs([resource], request_timeout=time_left(ends))
            answer_of(asked[resource], ends)

        guarded(change, name)

    def set_partitions(self, name: str, count: int) -> None:
        """The topic, which has fewer, has this many partitions.

        Raises:
            KafkaAwayError: it is not known whether they were made.
            KafkaRefusedError: none was made.
        """
        ends = time.monotonic() + CHANGE_S

        def change() -> None:
            asked = self._client().create_partitions(
                [NewPartitions(name, count)],
                operation_timeout=time_left(ends),
                request_timeout=time_left(ends),
            )
            answer_of(asked[name], ends)

        guarded(change, name)

"""Brokers in memory, where real ones would be too slow: topics with ids, groups with members, faults."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from octopus.kafka.admin import KafkaTopic, TopicAdmin
from octopus.kafka.groups import GroupAdmin


class MemoryKafka(TopicAdmin):
    """Holds topics as brokers do, and fails when told to.

    Attributes:
        held: topics by name.
        groups: groups by name, and whether they have members.
        faults: what a call (``create``, ``delete``, ``describe``, ``list``, ``groups``) raises instead.
        watch: is told of each call, before it is done and after.
        meanwhile: is done right after a topic was made.
    """

    def __init__(self) -> None:
        self.held: dict[str, KafkaTopic] = {}
        self.groups: dict[str, bool] = {}
        self.faults: dict[str, Exception] = {}
        self.watch: Callable[[str, str], None] = lambda _call, _when: None
        self.meanwhile: Callable[[], None] = lambda: None
        self._ids = itertools.count()

    def create(self, name: str, *, unlike: str | None = None) -> KafkaTopic:
        """See `TopicAdmin.create`."""
        self._before("create")
        self.held.setdefault(name, KafkaTopic(name, f"id-{next(self._ids)}", 1))
        self.meanwhile()
        self.watch("kafka.create", "after")
        return self.held[name]

    def delete(self, names: Sequence[str]) -> None:
        """See `TopicAdmin.delete`."""
        if not names:
            return
        self._before("delete")
        for name in names:
            self.held.pop(name, None)
        self.watch("kafka.delete", "after")

    def describe(self, name: str) -> KafkaTopic | None:
        """See `TopicAdmin.describe`."""
        self._before("describe")
        self.watch("kafka.describe", "after")
        return self.held.get(name)

    def list_topics(self, prefix: str) -> dict[str, KafkaTopic]:
        """See `TopicAdmin.list_topics`."""
        self._before("list")
        self.watch("kafka.list", "after")
        return {name: topic for name, topic in self.held.items() if name.startswith(prefix)}

    def close(self) -> None:
        """See `TopicAdmin.close`."""

    def _before(self, call: str) -> None:
        self.watch(f"kafka.{call}", "before")
        if call in self.faults:
            raise self.faults[call]


class MemoryGroups(GroupAdmin):
    """The groups of the same brokers."""

    def __init__(self, kafka: MemoryKafka) -> None:
        self._kafka = kafka

    def names(self, prefix: str) -> list[str]:
        """See `GroupAdmin.names`."""
        self._kafka._before("groups")
        self._kafka.watch("kafka.groups", "after")
        return sorted(name for name in self._kafka.groups if name.startswith(prefix))

    def delete(self, names: Sequence[str]) -> list[str]:
        """See `GroupAdmin.delete`."""
        if not names:
            return []
        self._kafka._before("delete_groups")
        in_use = [name for name in names if self._kafka.groups.get(name)]
        for name in set(names) - set(in_use):
            self._kafka.groups.pop(name, None)
        self._kafka.watch("kafka.delete_groups", "after")
        return in_use

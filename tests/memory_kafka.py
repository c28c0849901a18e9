"""Brokers that tests watch and disturb; those in memory are for where real ones would be too slow."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from octopus.kafka.admin import KafkaTopic, TopicAdmin
from octopus.kafka.groups import GroupAdmin

Watch = Callable[[str, str], None]
"""Is told of each call by name, ``before`` and ``after`` it is made."""


def unwatched(_call: str, _when: str) -> None:
    """Nobody wants to know."""


class WatchedKafka(TopicAdmin):
    """A `TopicAdmin` whose calls are told to `watch`."""

    watch: Watch = staticmethod(unwatched)


class WatchedGroups(GroupAdmin):
    """A `GroupAdmin` whose calls are told to the same watch."""

    def add(self, name: str, *, reads: str) -> None:
        """Make a group without members that has read a topic."""
        raise NotImplementedError


class MemoryKafka(WatchedKafka):
    """Holds topics as brokers do, and fails when told to.

    Attributes:
        held: topics by name.
        groups: groups by name, and whether they have members.
        faults: what a call (``create``, ``delete``, ``describe``, ``list``, ``groups``) raises instead.
        meanwhile: is done right after a topic was made.
    """

    def __init__(self) -> None:
        self.held: dict[str, KafkaTopic] = {}
        self.groups: dict[str, bool] = {}
        self.faults: dict[str, Exception] = {}
        self.meanwhile: Callable[[], None] = lambda: None
        self._ids = itertools.count()

    def create(self, name: str, *, unlike: str | None = None) -> KafkaTopic:
        """See `TopicAdmin.create`."""
        self.before("create")
        self.held.setdefault(name, KafkaTopic(name, f"id-{next(self._ids)}", 1))
        self.meanwhile()
        self.watch("kafka.create", "after")
        return self.held[name]

    def delete(self, names: Sequence[str]) -> None:
        """See `TopicAdmin.delete`."""
        self.before("delete")
        for name in names:
            self.held.pop(name, None)
        self.watch("kafka.delete", "after")

    def describe(self, name: str) -> KafkaTopic | None:
        """See `TopicAdmin.describe`."""
        self.before("describe")
        self.watch("kafka.describe", "after")
        return self.held.get(name)

    def list_topics(self, prefix: str) -> dict[str, KafkaTopic]:
        """See `TopicAdmin.list_topics`."""
        self.before("list")
        self.watch("kafka.list", "after")
        return {name: topic for name, topic in self.held.items() if name.startswith(prefix)}

    def close(self) -> None:
        """See `TopicAdmin.close`."""

    def before(self, call: str) -> None:
        """A call is about to be made: it is told, and fails if it is to."""
        self.watch(f"kafka.{call}", "before")
        if call in self.faults:
            raise self.faults[call]


class MemoryGroups(WatchedGroups):
    """The groups of the same brokers."""

    def __init__(self, kafka: MemoryKafka) -> None:
        self._kafka = kafka

    def add(self, name: str, *, reads: str) -> None:
        """See `WatchedGroups.add`."""
        assert reads in self._kafka.held
        self._kafka.groups[name] = False

    def names(self, prefix: str) -> list[str]:
        """See `GroupAdmin.names`."""
        self._kafka.before("groups")
        self._kafka.watch("kafka.groups", "after")
        return sorted(name for name in self._kafka.groups if name.startswith(prefix))

    def delete(self, names: Sequence[str]) -> list[str]:
        """See `GroupAdmin.delete`."""
        self._kafka.before("delete_groups")
        in_use = [name for name in names if self._kafka.groups.get(name)]
        for name in set(names) - set(in_use):
            self._kafka.groups.pop(name, None)
        self._kafka.watch("kafka.delete_groups", "after")
        return in_use

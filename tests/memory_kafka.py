"""Brokers that tests watch and disturb; those in memory are for where real ones would be too slow."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence

from octopus.kafka.admin import KafkaTopic, TopicAdmin
from octopus.kafka.groups import GroupAdmin
from octopus.kafka.quotas import QuotaAdmin
from octopus.kafka.system_topic import Record, SystemTopic
from tests.memory_topics import MemoryConfigs, MemoryOffsets

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
        faults: what a call (``create``, ``describe``, ``groups``, ``alter``) raises instead, by name.
        meanwhile: is done right after a topic was made.
    """

    def __init__(self) -> None:
        self.held: dict[str, KafkaTopic] = {}
        self.groups: dict[str, bool] = {}
        self.faults: dict[str, Exception] = {}
        self.meanwhile: Callable[[], None] = lambda: None
        self._ids = itertools.count()
        self.configs: MemoryConfigs = MemoryConfigs(self.held, self.before, self.after)
        self.offsets: MemoryOffsets = MemoryOffsets(self.before)

    def create(
        self,
        name: str,
        *,
        unlike: str | None = None,
        partitions: int = 1,
        configs: Mapping[str, str] | None = None,
    ) -> KafkaTopic:
        """See `TopicAdmin.create`."""
        self.before("create")
        if name not in self.held:
            self.held[name] = KafkaTopic(name, f"id-{next(self._ids)}", partitions)
            self.configs.own[name] = dict(configs or {})
        self.meanwhile()
        self.watch("kafka.create", "after")
        return self.held[name]

    def delete(self, names: Sequence[str]) -> None:
        """See `TopicAdmin.delete`."""
        self.before("delete")
        for name in names:
            self.held.pop(name, None)
            self.configs.own.pop(name, None)
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

    def after(self, call: str) -> None:
        """A call was made."""
        self.watch(f"kafka.{call}", "after")


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


class MemoryQuotas(QuotaAdmin):
    """The client quotas of brokers in memory.

    Attributes:
        users: quotas of each user by Kafka's names; the default user's under None.
        ids: transactional ids.
        count: how many brokers there are.
    """

    def __init__(self) -> None:
        self.users: dict[str | None, dict[str, float]] = {}
        self.ids: list[str] = []
        self.count = 1

    def brokers(self) -> int:
        """See `QuotaAdmin.brokers`."""
        return self.count

    def held(self) -> dict[str | None, dict[str, float]]:
        """See `QuotaAdmin.held`."""
        return {user: dict(values) for user, values in self.users.items() if values}

    def alter(self, changes: Mapping[str | None, Mapping[str, float | None]]) -> None:
        """See `QuotaAdmin.alter`."""
        for user, values in changes.items():
            merged = {**self.users.get(user, {}), **values}
            self.users[user] = {key: value for key, value in merged.items() if value is not None}

    def transactional_ids(self) -> list[str]:
        """See `QuotaAdmin.transactional_ids`."""
        return self.ids

    def close(self) -> None:
        """See `QuotaAdmin.close`."""


class MemoryTopic(SystemTopic):
    """Takes what it is told to.

    Attributes:
        held: what was appended.
        takes: whether the record at a position of one call is acknowledged.
    """

    def __init__(self) -> None:
        self.held: list[Record] = []
        self.takes: Callable[[int], bool] = lambda _position: True

    def append(self, records: Sequence[Record]) -> list[bool]:
        """See `SystemTopic.append`."""
        taken = [self.takes(position) for position in range(len(records))]
        self.held += [record for record, here in zip(records, taken, strict=True) if here]
        return taken

    def ids(self) -> list[str]:
        """Ids of the events among what was appended."""
        return [record.headers["ce_id"] for record in self.held]

    def close(self) -> None:
        """See `SystemTopic.close`."""

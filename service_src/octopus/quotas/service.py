"""Limits of people and projects: how far they go, what counts against them, and refusing what is more.

A person's limits hold for all namespaces that are his together; a project has limits of its own. What the
registry knows (topics, partitions, bytes kept) is counted and asked for in turn, so that two requests at
once never take the same room. What only Kafka knows (groups, transactional ids) cannot be refused there:
whoever has too many gets no new topic, key or session until there are fewer (`octopus.quotas.census`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import structlog

from octopus.audit.events import OPERATOR, Event
from octopus.audit.trail import Trail
from octopus.errors import InvalidError, OverLimitError
from octopus.kafka.groups import GroupAdmin
from octopus.quotas.counts import Counts
from octopus.quotas.models import LARGEST, Holder, Limit, Limits, Quota, Use, lower
from octopus.quotas.store import Held, QuotaStore
from octopus.registry.leases import Lease, Leases

if TYPE_CHECKING:
    from octopus.kafka.quotas import QuotaAdmin

AGAIN_S = 60
"""Whoever makes room may ask again then: so often Kafka's own counts are taken."""
_PATIENCE_S = 3.0
"""How long a turn to take room is waited for, within a topic's turn, by a request of 25 s at most."""

_log = structlog.get_logger(__name__)


class Quotas:
    """Quotas of one fabric."""

    def __init__(
        self,
        *,
        store: QuotaStore,
        leases: Leases,
        trail: Trail,
        defaults: Limits,
        groups: GroupAdmin,
        kafka: QuotaAdmin,
        ids_listed: bool = True,
    ) -> None:
        """
        Args:
            defaults: what holds for whoever nothing else was set for.
            ids_listed: as for `Counts`.
        """
        self._store = store
        self._leases = leases
        self._trail = trail
        self._defaults = defaults
        self.counts = Counts(groups, kafka, ids_listed=ids_listed)
        """What only Kafka knows."""

    @contextmanager
    def require_room(
        self, holder: Holder, *, topics: int = 0, partitions: int = 0, retention_bytes: int = 0
    ) -> Iterator[Lease]:
        """The holder has room for that much more until the block ends, in which it is recorded.

        Args:
            retention_bytes: sum over partitions (`kept_bytes`).

        Returns:
            The turn to take room: the transaction that records it checks that it was not lost.

        Raises:
            OverLimitError: there is not; names the limit, what is in use and what was asked for.
            UnavailableError: others took room all the time; nothing was done.
        """
        asked = Use(topics=topics, partitions=partitions, retention_bytes=retention_bytes)
        with self._leases.hold(f"quota {holder.name}", patience_s=_PATIENCE_S) as lease:
            held = self._store.read([holder])[holder]
            use = self._store.use(held.namespaces)
            for limit in (Limit.TOPICS, Limit.PARTITIONS, Limit.RETENTION_BYTES):
                most = self._limit(held, limit)
                if asked.of(limit) > 0 and use.of(limit) + asked.of(limit) > most:
                    raise _over(holder, limit, most, use.of(limit), asked.of(limit))
            if topics > 0:
                self._require_few(held)
            yield lease

    def require_within(self, subject: str, *namespaces: str) -> None:
        """Neither the person nor one of these projects has more groups or transactional ids than allowed.

        Args:
            namespaces: those that are no project's do not matter.

        Raises:
            OverLimitError: one has.
        """
        holders = [Holder(subject, False), *(Holder(name, True) for name in sorted(set(namespaces)))]
        for held in self._store.read(holders).values():
            self._require_few(held)

    def kept_bytes(
        self, *, partitions: int, retention_bytes: int | None, cleanup_policy: str | None = None
    ) -> int:
        """What a topic counts against the limit of bytes kept.

        Args:
            retention_bytes: of one partition; None where no size bounds it.
            cleanup_policy: as Kafka has it; None for ``delete``.
        """
        return self._store.kept_bytes(partitions, retention_bytes, cleanup_policy)

    def of(self, holder: Holder, *, projects: int | None = None) -> dict[Limit, Quota]:
        """Every limit of a holder, with what is in use.

        Args:
            projects: how many there are that the person made, if that is known.
        """
        held = self._store.read([holder])[holder]
        use = self._store.use(held.namespaces)
        counted = self.counts.lately()
        of_kafka = counted.of(held.namespaces) if counted else None
        ids_known = counted is not None and counted.transactional_ids is not None
        in_use: Mapping[Limit, int | None] = {
            Limit.PROJECTS: projects,
            Limit.TOPICS: use.topics,
            Limit.PARTITIONS: use.partitions,
            Limit.RETENTION_BYTES: use.retention_bytes,
            Limit.GROUPS: of_kafka.groups if of_kafka else None,
            Limit.TRANSACTIONAL_IDS: of_kafka.transactional_ids if of_kafka and ids_known else None,
        }
        return {
            limit: Quota(
                limit=self._limit(held, limit),
                in_use=in_use.get(limit),
                source="operator" if limit in held.overrides else "fabric",
            )
            for limit in holder.limited
        }

    def limit(self, subject: str, limit: Limit) -> int:
        """How far one limit goes for a person."""
        return self._store.overrides(Holder(subject, False)).get(limit, self._defaults[limit])

    def overrides(self, holder: Holder) -> Limits:
        """Limits that were set for the holder."""
        return self._store.overrides(holder)

    def set(self, holder: Holder, changes: Mapping[Limit, int | None]) -> Limits:
        """Set some of the holder's limits; None gives back what holds for everybody.

        Returns:
            All limits that are set for the holder now.

        Raises:
            InvalidError: a limit that such a holder does not have, or a value out of range.
            NotFoundError: there is no such project.
        """
        for limit, value in changes.items():
            if limit not in holder.limited:
                raise InvalidError(f"{limit}: a project has no such limit; each of its members has one")
            if value is not None and not 0 <= value <= LARGEST:
                raise InvalidError(f"{limit}: must be from 0 to {LARGEST}, received {value}")
        with self._leases.hold(f"quota {holder.name}"):
            limits = {**self.overrides(holder), **{k: v for k, v in changes.items() if v is not None}}
            kept = {limit: value for limit, value in limits.items() if changes.get(limit, value) is not None}
            event = Event(
                type="quota.set",
                actor=OPERATOR,
                subject=None if holder.is_project else holder.name,
                namespace=holder.name if holder.is_project else None,
                data={str(limit): value for limit, value in changes.items()},
            )
            self._store.set(holder, kept, self._trail.items(event))
        _log.info("quota.set", holder=holder.name, limits=kept)
        return kept

    def move(self, old: str, new: str) -> None:
        """A person's own limits are those of another identity of his too; doing it again is as good.

        Of a limit that was set for both, the lower one holds. The old identity keeps what is lower than
        everybody's, so that nobody is rid of it by coming back.
        """
        with self._leases.hold(f"quota {new}"):
            moved, limits = self.overrides(Holder(old, False)), dict(self.overrides(Holder(new, False)))
            if not moved:
                return
            for limit, value in moved.items():
                limits[limit] = lower(limit, value, limits.get(limit, value))
            self._store.set(Holder(new, False), limits, [])
        kept = {
            limit: value
            for limit, value in moved.items()
            if value != self._defaults[limit] and lower(limit, value, self._defaults[limit]) == value
        }
        self._store.set(Holder(old, False), kept, [])

    def forget(self, subject: str) -> None:
        """Nothing is kept of what was counted for somebody who is gone.

        Limits that an operator set stay: they are about the person, who may be back tomorrow.
        """
        self._store.unset_over(subject)

    def _require_few(self, held: Held) -> None:
        if held.over is None:
            return
        for limit in (Limit.GROUPS, Limit.TRANSACTIONAL_IDS):
            most = self._limit(held, limit)
            if held.over.of(limit) > most:
                raise _over(held.holder, limit, most, held.over.of(limit), 0)

    def _limit(self, held: Held, limit: Limit) -> int:
        return held.overrides.get(limit, self._defaults[limit])


def _over(holder: Holder, limit: Limit, most: int, in_use: int, asked: int) -> OverLimitError:
    where = f" of project {holder.name}" if holder.is_project else ""
    more = f", and {asked} more {'was' if asked == 1 else 'were'} asked for" if asked else ""
    return OverLimitError(
        f"{limit}: {in_use} of at most {most}{where} are in use{more}: delete some, or ask the operator",
        retry_after_s=AGAIN_S,
    )

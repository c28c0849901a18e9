"""Gives and takes grants.

Every change is one transaction: the grant for its namespace and for its grantee, its end, the note that
policies are to be written anew, and the audit's event.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from octopus.access.models import EVERY_TOPIC, Grant, Grantee, GranteeKind, Right, user
from octopus.access.refresh import Refreshes
from octopus.access.store import GrantStore, end_of, parts_of
from octopus.audit.events import FABRIC, Event
from octopus.audit.trail import Trail
from octopus.errors import InvalidError, UnavailableError
from octopus.registry.ends import EndKind, Ends
from octopus.registry.transactions import ConditionFailedError, write_together
from octopus.times import shown

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_ATTEMPTS = 5
"""Of a change that another one of the same grant came in between of."""
_A_TRANSACTION = 12
"""Grants that one transaction takes: each needs at most eight items, of which DynamoDB takes a hundred."""

_log = structlog.get_logger(__name__)


class Grants:
    """Grants on the namespaces of one fabric. Each change may be repeated."""

    def __init__(
        self,
        client: DynamoDBClient,
        table: str,
        *,
        trail: Trail,
        refreshes: Refreshes,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._store = GrantStore(client, table)
        self._ends = Ends(client, table, clock=clock)
        self._trail = trail
        self._refreshes = refreshes
        self._clock = clock

    def give(
        self,
        grant: Grant,
        *,
        within: datetime | None = None,
        in_use: Sequence[TransactWriteItemTypeDef] = (),
        events: Sequence[Event] = (),
    ) -> Grant:
        """The grant is there, and in force on Kafka; one that was there gets the end of this one.

        Args:
            within: when the giver's own right ends, beyond which neither this grant may last nor one that it
                takes the place of; None for a giver without an end.
            in_use: what must hold in that moment, as condition checks: that the topic is there, a lease.
            events: for the audit, besides ``grant.given``.

        Returns:
            The grant as it stands: one that is given again is as it was given first, but for its end.

        Raises:
            InvalidError: the grant, or the one in its place, lasts longer than ``within``.
            ConditionFailedError: something of ``in_use`` did not hold, the positions are those in it; nothing
                was done.
            UnavailableError: others kept changing the same grant; nothing was done.
        """
        grant = replace(grant, until=grant.until.replace(microsecond=0) if grant.until else None)
        _require_within(within, grant, "give")
        for _ in range(_ATTEMPTS):
            old = self._store.find(grant.namespace, grant.topic, grant.right, grant.grantee)
            if old is not None:
                _require_within(within, old, "change")
            if old is not None and old.until == grant.until:
                return old
            given = replace(old, until=grant.until) if old else grant
            told = _event("grant.given", given, grant.by)
            items = [
                *self._store.put(given, old),
                *self._end_changed(old, given),
                self._refreshes.begun(given.grantee),
                *self._trail.items(told, *events),
            ]
            if self._written(items, in_use):
                _log.info(
                    "grant.given", **told.data, namespace=given.namespace, topic=given.topic, by=grant.by
                )
                self._refreshes.now(given.grantee)
                return given
        raise _busy(grant.namespace)

    def take(
        self,
        namespace: str,
        topic: str,
        grant: Grant | str,
        *,
        actor: str,
        within: datetime | None = None,
        in_use: Sequence[TransactWriteItemTypeDef] = (),
        events: Sequence[Event] = (),
    ) -> Grant | None:
        """The grant is there no more, and gives nothing on Kafka.

        Args:
            topic: without its namespace, or `EVERY_TOPIC`.
            grant: it, or its id.
            actor: who takes it, for the audit.
            within: when the taker's own right ends, beyond which the grant may not last; None for a taker
                without an end, and for whoever gives up what he was given.
            in_use: as for `give`.
            events: for the audit, besides ``grant.revoked``.

        Returns:
            What was taken; None when there was no such grant.

        Raises:
            InvalidError: the grant lasts longer than ``within``.
            ConditionFailedError: as for `give`.
            UnavailableError: as for `give`.
        """
        parts = (grant.right, grant.grantee) if isinstance(grant, Grant) else _parts_of_id(grant)
        if parts is None:
            return None
        for _ in range(_ATTEMPTS):
            found = self._store.find(namespace, topic, *parts)
            if found is None:
                return None
            _require_within(within, found, "take back")
            told = _event("grant.revoked", found, actor)
            note = self._refreshes.begun(found.grantee)
            items = [*self._deleted(found), note, *self._trail.items(told, *events)]
            if self._written(items, in_use):
                _log.info("grant.revoked", **told.data, namespace=namespace, topic=topic, by=actor)
                self._refreshes.now(found.grantee)
                return found
        raise _busy(namespace)

    def take_all_on(
        self,
        namespace: str,
        topic: str | None,
        *,
        actor: str,
        as_of: datetime | None = None,
        refreshed: bool = False,
    ) -> None:
        """No grant on a topic is left, or none on a namespace and its topics; policies follow behind it.

        Args:
            topic: None for the whole namespace with all its topics.
            actor: who brings it about, for the audit.
            as_of: what was given after it is left.
            refreshed: no policy has anything of them any more (`Refreshes.waiting_on`).
        """
        self._take_every(
            lambda: [
                one for one in self._store.on(namespace, topic) if as_of is None or one.created <= as_of
            ],
            actor,
            refreshed=refreshed,
        )

    def take_all_to(self, subject: str, *, actor: str) -> None:
        """No grant names the subject any more; policies follow behind it."""
        self._take_every(lambda: self._store.to(user(subject)), actor)

    def move_all(self, old: str, new: str) -> None:
        """Every grant of one subject is another's, who brings it about; policies follow behind it.

        Of a grant that both have, the later end counts.
        """
        for _ in range(_ATTEMPTS):
            grants = list(self._store.to(user(old)))
            if not grants:
                return
            for grant in grants:
                self._moved(grant, new)
        raise UnavailableError(f"Grants of {old} keep changing meanwhile: call again to move those left")

    def end_due(self) -> None:
        """Grants whose end has come are gone from the registry and from policies, in which they are over."""
        now, over = self._now(), []
        for end in list(self._ends.over(EndKind.GRANT)):
            grant = self._store.find(*parts_of(end.reference))
            if grant is None or end_of(grant) != end:
                self._ends.forget(end)  # or its day would be looked at for ever
            elif not grant.in_force(now):
                over.append(grant)
        self._take_all(over, "grant.ended", FABRIC)

    def _moved(self, grant: Grant, new: str) -> None:
        """Take a grant from one subject and give it to another, unless somebody changed it meanwhile."""
        moved = replace(grant, grantee=user(new))
        there = self._store.find(grant.namespace, grant.topic, grant.right, moved.grantee)
        kept = moved if there is None or _ends_before(there, moved) else there
        given = [*self._store.put(moved, there), *self._end_changed(there, moved)] if kept is moved else []
        notes = [self._refreshes.begun(one.grantee, due_in_s=0) for one in (grant, moved)]
        told = [_event("grant.revoked", grant, new)]
        if kept is moved:
            told.append(_event("grant.given", moved, new))
        if self._written([*given, *self._deleted(grant), *notes, *self._trail.items(*told)], ()):
            data = _event("grant.revoked", replace(grant, until=kept.until), new).data
            _log.info(
                "grant.moved",
                **data,
                to=new,
                namespace=grant.namespace,
                topic=grant.topic,
                by=grant.by,
            )

    def _deleted(self, grant: Grant) -> list[TransactWriteItemTypeDef]:
        end = end_of(grant)
        return [*self._store.delete(grant), *([self._ends.unset(end)] if end else [])]

    def _take_every(
        self, there: Callable[[], Iterable[Grant]], actor: str, *, refreshed: bool = False
    ) -> None:
        for _ in range(_ATTEMPTS):
            grants = list(there())
            if not grants:
                return
            self._take_all(grants, "grant.revoked", actor, refreshed=refreshed)
        raise UnavailableError("Grants keep changing meanwhile: call again to take those that are left")

    def _take_all(self, grants: Sequence[Grant], kind: str, actor: str, *, refreshed: bool = False) -> None:
        """Take those of the grants that nobody has changed meanwhile."""
        for start in range(0, len(grants), _A_TRANSACTION):
            some = grants[start : start + _A_TRANSACTION]
            if not self._taken_together(some, kind, actor, refreshed):
                for grant in some:
                    self._taken_together([grant], kind, actor, refreshed)

    def _taken_together(self, grants: Sequence[Grant], kind: str, actor: str, refreshed: bool) -> bool:
        told = [_event(kind, grant, actor) for grant in grants]
        grantees = () if refreshed else {grant.grantee for grant in grants}
        notes = [self._refreshes.begun(grantee, due_in_s=0) for grantee in sorted(grantees)]
        deletions = [item for grant in grants for item in self._deleted(grant)]
        done = self._written([*deletions, *notes, *self._trail.items(*told)], ())
        if done:
            for grant, event in zip(grants, told, strict=True):
                _log.info(kind, **event.data, namespace=grant.namespace, topic=grant.topic, by=actor)
        return done

    def _written(
        self, items: Sequence[TransactWriteItemTypeDef], in_use: Sequence[TransactWriteItemTypeDef]
    ) -> bool:
        try:
            write_together(self._client, [*in_use, *items])
        except ConditionFailedError as failed:
            wanted = [position for position in failed.positions if position < len(in_use)]
            if wanted:
                raise ConditionFailedError(wanted) from None
            return False
        return True

    def _end_changed(self, old: Grant | None, new: Grant) -> list[TransactWriteItemTypeDef]:
        before, after = (end_of(old) if old else None), end_of(new)
        same_row = before and after and before.day == after.day
        gone = [self._ends.unset(before)] if before and not same_row else []
        return [*gone, *([self._ends.set(after)] if after else [])]

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


def _parts_of_id(grant_id: str) -> tuple[Right, Grantee] | None:
    try:
        right, kind, identity = grant_id.split("-", 2)
        return Right(right), Grantee(GranteeKind(kind), identity)
    except ValueError:
        return None


def _event(kind: str, grant: Grant, actor: str) -> Event:
    named = grant.grantee.kind is GranteeKind.USER
    return Event(
        type=kind,
        actor=actor,
        subject=grant.grantee.id if named else None,
        namespace=grant.namespace,
        topic=None if grant.topic == EVERY_TOPIC else grant.topic,
        data={
            "right": grant.right.value,
            "grantee_kind": grant.grantee.kind.value,
            "grantee": grant.grantee.id,
            "shown_as": grant.shown_as,
            "until": grant.until.isoformat(timespec="seconds") if grant.until else None,
        },
    )


def _ends_before(one: Grant, other: Grant) -> bool:
    return one.until is not None and (other.until is None or one.until < other.until)


def _require_within(end: datetime | None, grant: Grant, verb: str) -> None:
    if end is not None and (grant.until is None or grant.until > end):
        has = "has no end" if grant.until is None else f"ends at {shown(grant.until)}"
        raise InvalidError(
            f"until: you may {verb} what ends by {shown(end)} at the latest, as your right to share does; "
            f"{grant.id} {has}"
        )


def _busy(namespace: str) -> UnavailableError:
    return UnavailableError(f"A grant on {namespace} keeps changing: nothing was done, try again")

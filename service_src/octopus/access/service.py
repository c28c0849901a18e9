"""Who may do what: decides it from namespaces, grants, groups and linked identities; gives and takes grants.

Nothing is allowed that no row says: a namespace's own subject, or a grant that is in force. Every change of a
grant is one transaction: the grant for its namespace and for its grantee, its end, the note that policies are
to be written anew, and the audit's event.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from octopus.access.models import (
    EVERY_TOPIC,
    Grant,
    Grantee,
    GranteeKind,
    HeldGrant,
    NamespaceFacts,
    Reason,
    Right,
    closure,
    group,
    user,
)
from octopus.access.reasons import reasons
from octopus.access.refresh import Refreshes
from octopus.access.rights import data_rights
from octopus.access.store import GrantStore, end_of, parts_of
from octopus.audit.events import FABRIC, Event
from octopus.audit.trail import Trail
from octopus.errors import Failure, ForbiddenError, UnavailableError
from octopus.iam.holdings import Holdings
from octopus.identity.models import Caller
from octopus.registry.ends import EndKind, Ends
from octopus.registry.transactions import ConditionFailedError, write_together
from octopus.topics.names import is_namespace_name, namespace_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_ATTEMPTS = 5
"""Of a change that another one of the same grant came in between of."""
_A_TRANSACTION = 12
"""Grants that one transaction takes: each needs at most eight items, of which DynamoDB takes a hundred."""

_log = structlog.get_logger(__name__)


class Access:
    """Rights on the namespaces of one fabric, and the grants that they come from."""

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

    def holdings(self, subject: str, namespaces: Collection[str]) -> Holdings:
        """What the policies of a subject's principal are made of, now.

        Args:
            namespaces: of the subject's account.
        """
        identities = self._counting(subject, self._store.linked(subject))
        grants = [held.grant for held in self._in_force(identities, None)]
        facts = self._usable({grant.namespace for grant in grants})
        return data_rights(namespaces, grants, facts, self._now())

    def rights(self, caller: Caller, namespace: str, topic: str | None) -> frozenset[Right]:
        """What the caller may do with a topic, or with the namespace itself; empty for nothing.

        What holds for the namespace holds for each of its topics. Each right has all that it implies with it:
        an owner's are all.

        Args:
            topic: without its namespace; None for the namespace itself.
        """
        if not is_namespace_name(namespace):
            return frozenset()  # the registry has no room for keys of any length
        return self._rights(caller, self._store.namespaces([namespace]).get(namespace), topic)

    def require(self, caller: Caller, namespace: str, topic: str | None, *one_of: Right) -> None:
        """The caller has one of these rights.

        Raises:
            Failure: the namespace is the one that the caller would have with an account, and he has none.
            ForbiddenError: he has none of the rights. It does not tell whether there is such a namespace.
        """
        refusal = f"Namespace {namespace[:64]} not found for {caller.subject}"
        if not is_namespace_name(namespace):
            raise ForbiddenError(refusal)
        facts = self._store.namespaces([namespace]).get(namespace)
        if not self._rights(caller, facts, topic).isdisjoint(one_of):
            return
        if facts is not None and facts.owner == caller.subject and facts.state == "suspended":
            raise ForbiddenError(f"User {caller.subject} is suspended: ask the fabric's operator")
        own = namespace == namespace_of(caller.subject)
        if own and (facts is None or facts.owner == caller.subject):
            raise Failure(refusal)
        raise ForbiddenError(refusal)

    def identities(self, caller: Caller) -> list[str]:
        """Those of the caller that count, his own first: not linked ones whose own account is suspended."""
        return self._counting(caller.subject, caller.linked)

    def grants_on(self, namespace: str, topic: str | None = None) -> list[Grant]:
        """Grants on a namespace and all its topics, ended ones too until they are cleared away.

        Args:
            topic: only those of this topic; `EVERY_TOPIC` for those on the whole namespace.
        """
        return list(self._store.on(namespace, topic))

    def grants_to(self, caller: Caller) -> list[HeldGrant]:
        """Grants that count for the caller now: by name, through linked identities, and through groups."""
        held = list(self._in_force(self._counting(caller.subject, caller.linked), None))
        usable = self._usable({one.grant.namespace for one in held})
        return [one for one in held if one.grant.namespace in usable]

    def who(self, namespace: str, topic: str | None) -> list[Reason]:
        """Everybody who has a right on a topic, or on the whole namespace, and why.

        One entry for each way to a right: whoever has it twice is there twice.
        """
        facts = self._store.namespaces([namespace]).get(namespace)
        if facts is None or not facts.usable:
            return []
        topics = dict.fromkeys([topic or EVERY_TOPIC, EVERY_TOPIC])
        grants = [grant for name in topics for grant in self._store.on(namespace, name)]
        return reasons(facts, grants, self._store, self._now())

    def visible_namespaces(self, caller: Caller) -> Mapping[str, frozenset[str]]:
        """Namespaces of which the caller may see topics, each with their names.

        `EVERY_TOPIC` among the names stands for all of the namespace.
        """
        visible = {name: {EVERY_TOPIC} for name in self._store.own_namespaces(caller.subject)}
        for held in self.grants_to(caller):
            visible.setdefault(held.grant.namespace, set()).add(held.grant.topic)
        return {name: frozenset(topics) for name, topics in visible.items()}

    def give(
        self,
        grant: Grant,
        *,
        in_use: Sequence[TransactWriteItemTypeDef] = (),
        events: Sequence[Event] = (),
    ) -> Grant:
        """The grant is there, and in force on Kafka; one that was there gets the end of this one.

        Args:
            in_use: what must hold in that moment, as condition checks: that the topic is there, a lease.
            events: for the audit, besides ``grant.given``.

        Returns:
            The grant as it stands: one that is given again is as it was given first, but for its end.

        Raises:
            ConditionFailedError: something of ``in_use`` did not hold, the positions are those in it; nothing
                was done.
            UnavailableError: others kept changing the same grant; nothing was done.
        """
        grant = replace(grant, until=grant.until.replace(microsecond=0) if grant.until else None)
        for _ in range(_ATTEMPTS):
            old = self._store.find(grant.namespace, grant.topic, grant.right, grant.grantee)
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
        in_use: Sequence[TransactWriteItemTypeDef] = (),
        events: Sequence[Event] = (),
    ) -> Grant | None:
        """The grant is there no more, and gives nothing on Kafka.

        Args:
            topic: without its namespace, or `EVERY_TOPIC`.
            grant: it, or its id.
            actor: who takes it, for the audit.
            in_use: as for `give`.
            events: for the audit, besides ``grant.revoked``.

        Returns:
            What was taken; None when there was no such grant.

        Raises:
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
            told = _event("grant.revoked", found, actor)
            note = self._refreshes.begun(found.grantee)
            items = [*self._deleted(found), note, *self._trail.items(told, *events)]
            if self._written(items, in_use):
                _log.info("grant.revoked", **told.data, namespace=namespace, topic=topic, by=actor)
                self._refreshes.now(found.grantee)
                return found
        raise _busy(namespace)

    def take_all_on(self, namespace: str, topic: str | None, *, actor: str) -> None:
        """No grant on a topic is left, or none on a namespace and its topics; policies follow behind it.

        Args:
            topic: None for the whole namespace with all its topics.
            actor: who brings it about, for the audit.
        """
        self._take_every(lambda: self._store.on(namespace, topic), actor)

    def take_all_to(self, subject: str, *, actor: str) -> None:
        """No grant names the subject any more; policies follow behind it."""
        self._take_every(lambda: self._store.to(user(subject)), actor)

    def named(self, subject: str) -> list[Grant]:
        """Grants that name the subject itself, whatever they give."""
        return list(self._store.to(user(subject)))

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
        due = [parts_of(end.reference) for end in self._ends.over(EndKind.GRANT)]
        found = [grant for parts in due if (grant := self._store.find(*parts)) is not None]
        now = self._now()
        self._take_all([grant for grant in found if not grant.in_force(now)], "grant.ended", FABRIC)

    def _rights(self, caller: Caller, facts: NamespaceFacts | None, topic: str | None) -> frozenset[Right]:
        if facts is None or not facts.usable:
            return frozenset()
        if facts.owner == caller.subject:
            return closure(Right.OWNER) if facts.state == "active" else frozenset()
        frozen = facts.frozen(self._now())
        identities = self._counting(caller.subject, caller.linked)
        return frozenset(
            right
            for held in self._in_force(identities, facts.name)
            if held.grant.topic in (EVERY_TOPIC, topic)
            for right in closure(held.grant.right, frozen=frozen)
        )

    def _counting(self, subject: str, linked: Collection[str]) -> list[str]:
        """The subject and those linked to it whose own accounts are not suspended; the subject first."""
        away = self._store.suspended(linked) if linked else frozenset()
        return [subject, *sorted(identity for identity in linked if identity not in away)]

    def _in_force(self, identities: Sequence[str], namespace: str | None) -> Iterable[HeldGrant]:
        now = self._now()
        grantees: dict[Grantee, str] = {user(identity): identity for identity in identities}
        grantees.update((group(name), one) for name, one in self._store.groups_of(identities).items())
        for grantee, identity in grantees.items():
            for grant in self._store.to(grantee, namespace):
                if grant.in_force(now):
                    yield HeldGrant(grant, identity)

    def _usable(self, namespaces: Iterable[str]) -> dict[str, NamespaceFacts]:
        found = self._store.namespaces(namespaces)
        return {name: facts for name, facts in found.items() if facts.usable}

    def _moved(self, grant: Grant, new: str) -> None:
        """Take a grant from one subject and give it to another, unless somebody changed it meanwhile."""
        moved = replace(grant, grantee=user(new))
        there = self._store.find(grant.namespace, grant.topic, grant.right, moved.grantee)
        stays = there is not None and not _ends_before(there, moved)
        given = [] if stays else [*self._store.put(moved, there), *self._end_changed(there, moved)]
        notes = [self._refreshes.begun(one.grantee, due_in_s=0) for one in (grant, moved)]
        told = [_event("grant.revoked", grant, new), *([] if stays else [_event("grant.given", moved, new)])]
        if self._written([*given, *self._deleted(grant), *notes, *self._trail.items(*told)], ()):
            _log.info("grant.moved", grant=grant.id, to=new, namespace=grant.namespace, topic=grant.topic)

    def _deleted(self, grant: Grant) -> list[TransactWriteItemTypeDef]:
        end = end_of(grant)
        return [*self._store.delete(grant), *([self._ends.unset(end)] if end else [])]

    def _take_every(self, there: Callable[[], Iterable[Grant]], actor: str) -> None:
        for _ in range(_ATTEMPTS):
            grants = list(there())
            if not grants:
                return
            self._take_all(grants, "grant.revoked", actor)
        raise UnavailableError("Grants keep changing meanwhile: call again to take those that are left")

    def _take_all(self, grants: Sequence[Grant], kind: str, actor: str) -> None:
        """Take those of the grants that nobody has changed meanwhile."""
        for start in range(0, len(grants), _A_TRANSACTION):
            some = grants[start : start + _A_TRANSACTION]
            if not self._taken_together(some, kind, actor):
                for grant in some:
                    self._taken_together([grant], kind, actor)

    def _taken_together(self, grants: Sequence[Grant], kind: str, actor: str) -> bool:
        told = [_event(kind, grant, actor) for grant in grants]
        notes = {grant.grantee: self._refreshes.begun(grant.grantee, due_in_s=0) for grant in grants}
        deletions = [item for grant in grants for item in self._deleted(grant)]
        done = self._written([*deletions, *notes.values(), *self._trail.items(*told)], ())
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
        same_row = before and after and before.at.date() == after.at.date()
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


def _busy(namespace: str) -> UnavailableError:
    return UnavailableError(f"A grant on {namespace} keeps changing: nothing was done, try again")

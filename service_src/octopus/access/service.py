"""Who may do what: decides it from namespaces, grants, groups and linked identities.

Nothing is allowed that no row says: a namespace's own subject, or a grant that is in force.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from octopus.access.grants import Grants
from octopus.access.models import (
    EVERY_TOPIC,
    Grant,
    Grantee,
    HeldGrant,
    NamespaceFacts,
    Reason,
    Right,
    closure,
    group,
    user,
)
from octopus.access.reasons import reasons
from octopus.access.refusal import refused
from octopus.access.rights import data_rights
from octopus.errors import Failure, ForbiddenError
from octopus.iam.holdings import Holdings
from octopus.identity.models import Caller
from octopus.topics.names import is_namespace_name, namespace_of


class Access(Grants):
    """Rights on the namespaces of one fabric, and the grants that they come from."""

    def holdings(self, subject: str, namespaces: Collection[str]) -> Holdings:
        """What the policies of a subject's principal are made of, now.

        Args:
            namespaces: of the subject's account.
        """
        return self._holdings(subject, namespaces, ())

    def holdings_with(self, grant: Grant) -> list[Holdings]:
        """What everybody would hold for whom a grant to a person counts: he, and whoever he is linked to.

        Somebody without an account is taken for having one.
        """
        subjects = [grant.grantee.id, *self._store.linked_to(grant.grantee.id)]
        return [
            self._holdings(subject, self._store.own_namespaces(subject) or {namespace_of(subject)}, [grant])
            for subject in subjects
        ]

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

    def require(
        self,
        caller: Caller,
        namespace: str,
        topic: str | None,
        *one_of: Right,
        as_read: NamespaceFacts | None = None,
    ) -> None:
        """The caller has one of these rights.

        Args:
            as_read: the namespace, by whoever has just read it; else it is read.

        Raises:
            Failure: the namespace is the one that the caller would have with an account, and he has none.
            ForbiddenError: he has none of the rights. It does not tell whether there is such a namespace.
        """
        refusal = refused(caller.subject, namespace)
        if not is_namespace_name(namespace):
            raise refusal
        facts = as_read or self._store.namespaces([namespace]).get(namespace)
        if not self._rights(caller, facts, topic).isdisjoint(one_of):
            return
        if facts is not None and facts.owner == caller.subject and facts.state == "suspended":
            raise ForbiddenError(f"User {caller.subject} is suspended: ask the fabric's operator")
        own = namespace == namespace_of(caller.subject)
        if own and (facts is None or facts.owner == caller.subject):
            raise Failure(refusal.message)
        raise refusal

    def held_until(
        self, caller: Caller, namespace: str, topic: str | None, *one_of: Right
    ) -> datetime | None:
        """When the caller has none of these rights any more, by what he holds now; None for never.

        Raises:
            ForbiddenError: he has none of them as it is. It does not tell whether there is such a namespace.
        """
        facts = self._store.namespaces([namespace]).get(namespace) if is_namespace_name(namespace) else None
        ends = [] if facts is None else self._ends_for(caller, facts, topic, one_of)
        if not ends:
            raise refused(caller.subject, namespace)
        return None if None in ends else max(end for end in ends if end is not None)

    def owner(self, namespace: str) -> str | None:
        """Subject of whoever owns a personal namespace now; `PROJECT_OWNER`, or None where there is none."""
        facts = self._store.namespaces([namespace]).get(namespace)
        return None if facts is None else facts.owner

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
        return [one for one in held if self._gives(one.grant, usable.get(one.grant.namespace))]

    def named(self, subject: str) -> list[Grant]:
        """Grants that name the subject itself, whatever they give."""
        return list(self._store.to(user(subject)))

    def who(self, namespace: str, topic: str | None) -> list[Reason]:
        """Every identity and group that has a right on a topic, or on the whole namespace, and why.

        One entry for each way to a right: what has it twice is there twice. Identities linked to one that is
        named have what it has, and are not told.
        """
        facts = self._store.namespaces([namespace]).get(namespace)
        if facts is None or not facts.usable:
            return []
        topics = dict.fromkeys([topic or EVERY_TOPIC, EVERY_TOPIC])
        grants = [grant for name in topics for grant in self._store.on(namespace, name)]
        return reasons(facts, grants, self._store, self._now())

    def visible_namespaces(self, caller: Caller, own: Collection[str]) -> Mapping[str, frozenset[str]]:
        """Namespaces of which the caller may see topics, each with their names.

        `EVERY_TOPIC` among the names stands for all of the namespace.

        Args:
            own: namespaces of the caller's account.
        """
        visible = {name: {EVERY_TOPIC} for name in own}
        for held in self.grants_to(caller):
            visible.setdefault(held.grant.namespace, set()).add(held.grant.topic)
        return {name: frozenset(topics) for name, topics in visible.items()}

    def _holdings(self, subject: str, namespaces: Collection[str], further: Iterable[Grant]) -> Holdings:
        identities = self._counting(subject, self._store.linked(subject))
        grants = [*(held.grant for held in self._in_force(identities, None)), *further]
        facts = self._usable({grant.namespace for grant in grants})
        return data_rights(namespaces, grants, facts, self._now())

    def _rights(self, caller: Caller, facts: NamespaceFacts | None, topic: str | None) -> frozenset[Right]:
        if facts is None or not facts.usable:
            return frozenset()
        if facts.owner == caller.subject:
            return closure(Right.OWNER) if facts.state == "active" else frozenset()
        frozen = facts.frozen(self._now())
        return frozenset(
            right
            for grant in self._held(caller, facts.name, topic)
            for right in closure(grant.right, frozen=frozen)
        )

    def _ends_for(
        self, caller: Caller, facts: NamespaceFacts, topic: str | None, one_of: Collection[Right]
    ) -> list[datetime | None]:
        """When each way ends by which the caller has one of the rights now."""
        if facts.owner == caller.subject:
            return [None] if facts.state == "active" else []
        frozen = facts.frozen(self._now())
        return [
            grant.until
            for grant in (self._held(caller, facts.name, topic) if facts.usable else ())
            if not closure(grant.right, frozen=frozen).isdisjoint(one_of)
        ]

    def _held(self, caller: Caller, namespace: str, topic: str | None) -> Iterator[Grant]:
        """Grants in force that count for the caller on a topic, or on the namespace itself."""
        for held in self._in_force(self._counting(caller.subject, caller.linked), namespace):
            if held.grant.topic in (EVERY_TOPIC, topic):
                yield held.grant

    def _gives(self, grant: Grant, facts: NamespaceFacts | None) -> bool:
        """Whether a grant that is in force gives anything on its namespace just now."""
        return facts is not None and bool(closure(grant.right, frozen=facts.frozen(self._now())))

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

"""Who can, and why: a namespace's grants spelled out for each identity that has a right by them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from octopus.access.models import (
    ROLES,
    Grant,
    GranteeKind,
    NamespaceFacts,
    Reason,
    Right,
    Why,
    closure,
)
from octopus.access.rights import sooner
from octopus.access.store import GrantStore
from octopus.topics.models import PROJECT_OWNER


def reasons(facts: NamespaceFacts, grants: Iterable[Grant], store: GrantStore, now: datetime) -> list[Reason]:
    """Every way to a right that counts now; nobody whose own account is suspended is among them.

    Args:
        facts: of the namespace, which is in use.
        grants: on it, or on a topic of it and on all of it.
        store: where groups' members and linked identities are read.
        now: grants that are over by then, and what a frozen project gives no more, are left out.
    """
    in_force = [grant for grant in grants if grant.in_force(now)]
    frozen = facts.frozen(now)
    counting = [grant for grant in in_force if closure(grant.right, frozen=frozen)]
    named = [*_of_owner(facts), *_of_grants(counting, facts, store, frozen=frozen)]
    away = store.suspended({reason.identity for reason in named if reason.identity})
    named = [reason for reason in named if reason.identity not in away]
    linked = list(_of_linked(named, store))
    away = store.suspended({reason.identity for reason in linked})
    return [*named, *(reason for reason in linked if reason.identity not in away)]


def _of_owner(facts: NamespaceFacts) -> Iterator[Reason]:
    if facts.owner != PROJECT_OWNER:
        yield Reason(identity=facts.owner, right=Right.OWNER, why=Why.OWNER, until=None)


def _of_grants(
    grants: Sequence[Grant], facts: NamespaceFacts, store: GrantStore, *, frozen: bool
) -> Iterator[Reason]:
    held = store.held({grant.grantee.id for grant in grants if grant.grantee.kind is GranteeKind.GROUP})
    for grant in grants:
        reason = Reason(
            identity=grant.grantee.id,
            right=Right.READ if frozen and grant.right is Right.MEMBER else grant.right,
            why=Why.ROLE if grant.right in ROLES else Why.GRANT,
            until=grant.until if frozen or grant.right is Right.READ else sooner(grant.until, facts.ends),
            grant=grant,
        )
        if grant.grantee.kind is GranteeKind.USER:
            yield reason
        elif grant.grantee.id in held:
            members = list(store.members(grant.grantee.id)) or [""]
            for member in members:
                yield replace(reason, identity=member, through_group=grant.grantee.id)


def _of_linked(named: Sequence[Reason], store: GrantStore) -> Iterator[Reason]:
    """The same for whoever an identity is linked to; a namespace's owner is matched by himself alone."""
    subjects: dict[str, list[str]] = {}
    for reason in named:
        if reason.grant is None or not reason.identity:
            continue
        if reason.identity not in subjects:
            subjects[reason.identity] = store.linked_to(reason.identity)
        for subject in subjects[reason.identity]:
            yield replace(reason, identity=subject, through_identity=reason.identity)

"""Who can, and why: a namespace's owner, and whom its grants name.

Nothing is told beyond that: who else an identity is, and who is in a group, is not for everybody to know with
whom either shares something.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
        store: where groups, and whose accounts are suspended, are read.
        now: grants that are over by then, and what a frozen project gives no more, are left out.
    """
    frozen = facts.frozen(now)
    counting = [grant for grant in grants if grant.in_force(now) and closure(grant.right, frozen=frozen)]
    named = [*_of_owner(facts), *_of_grants(counting, facts, store, frozen=frozen)]
    away = store.suspended({reason.identity for reason in named if reason.identity is not None})
    return [reason for reason in named if reason.identity not in away]


def _of_owner(facts: NamespaceFacts) -> Iterator[Reason]:
    if facts.owner != PROJECT_OWNER:
        yield Reason(identity=facts.owner, right=Right.OWNER, why=Why.OWNER, until=None)


def _of_grants(
    grants: Sequence[Grant], facts: NamespaceFacts, store: GrantStore, *, frozen: bool
) -> Iterator[Reason]:
    held = store.held({grant.grantee.id for grant in grants if grant.grantee.kind is GranteeKind.GROUP})
    members = {group: sum(1 for _ in store.members(group)) for group in held}
    for grant in grants:
        group = grant.grantee.id if grant.grantee.kind is GranteeKind.GROUP else None
        if group is not None and group not in held:
            continue
        yield Reason(
            identity=grant.grantee.id if group is None else None,
            right=Right.READ if frozen and grant.right is Right.MEMBER else grant.right,
            why=Why.ROLE if grant.right in ROLES else Why.GRANT,
            until=grant.until if frozen or grant.right is Right.READ else sooner(grant.until, facts.ends),
            grant=grant,
            through_group=group,
            members=None if group is None else members[group],
        )

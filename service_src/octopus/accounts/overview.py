"""What an account is and has, and what its deletion would take away, for its owner to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from octopus.access.models import ROLES, HeldGrant
from octopus.access.service import Access
from octopus.accounts.emptying import Contents, Emptying
from octopus.accounts.models import Account, State
from octopus.accounts.service import Accounts
from octopus.credentials.keys import Keys
from octopus.credentials.models import Kind
from octopus.identity.models import Caller
from octopus.identity.people import People


@dataclass(frozen=True, kw_only=True)
class Overview:
    """An account as its owner sees it."""

    account: Account | None
    namespaces: Mapping[str, list[str]]
    """Topics of each namespace, in order."""
    linked: Mapping[str, str | None]
    """User name of each linked identity, where Globus Auth tells it."""
    memberships: tuple[HeldGrant, ...]
    """In projects."""
    grants: tuple[HeldGrant, ...]
    """Everything else that others let him do."""
    keys: int
    sessions: int


@dataclass(frozen=True, kw_only=True)
class DeletionPlan:
    """What the deletion of an account takes away."""

    contents: Mapping[str, Contents]
    """Of each namespace."""
    keys: int
    sessions: int
    received: int
    """Grants and memberships that name the account's own identity."""
    hindrances: tuple[str, ...]
    """Why it is refused, in sentences; empty when it is not."""


class Overviews:
    """Describes accounts of one fabric; changes nothing."""

    def __init__(
        self, *, accounts: Accounts, keys: Keys, access: Access, emptying: Emptying, people: People
    ) -> None:
        self._accounts = accounts
        self._keys = keys
        self._access = access
        self._emptying = emptying
        self._people = people

    def of(self, caller: Caller, account: Account | None) -> Overview:
        """The caller's account, which has just been read, with all that he has by it and by others."""
        held = self._access.grants_to(caller)
        names = self._people.shown(caller.linked)
        keys, sessions = self._count_keys(caller.subject)
        return Overview(
            account=account,
            namespaces=self._accounts.namespaces_of(account),
            linked={
                identity: names[identity].username if identity in names else None
                for identity in sorted(caller.linked)
            },
            memberships=tuple(one for one in held if one.grant.right in ROLES),
            grants=tuple(one for one in held if one.grant.right not in ROLES),
            keys=keys,
            sessions=sessions,
        )

    def deletion_plan(self, subject: str) -> DeletionPlan:
        """What the deletion of the subject's account with all its namespaces would take away.

        Raises:
            UnavailableError: Kafka is away.
        """
        account = self._accounts.find(subject)
        in_use = account is not None and account.state in (State.ACTIVE, State.SUSPENDED)
        namespaces = sorted(account.namespaces) if account is not None and in_use else []
        keys, sessions = self._count_keys(subject)
        return DeletionPlan(
            contents={name: self._emptying.contents(name) for name in namespaces},
            keys=keys,
            sessions=sessions,
            received=len(self._access.named(subject)) if in_use else 0,
            hindrances=tuple(self._accounts.hindrances(subject)) if in_use else (),
        )

    def _count_keys(self, subject: str) -> tuple[int, int]:
        kinds = [key.kind for key in self._keys.recorded(subject)]
        sessions = kinds.count(Kind.SESSION)
        return len(kinds) - sessions, sessions

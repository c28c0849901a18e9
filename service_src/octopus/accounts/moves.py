"""A person who moves to another Globus identity takes along what the old one had.

The namespaces change hands in one transaction, in which the old account also becomes one that is being
deleted and knows whose everything is. What follows is the end of the old account
(`octopus.accounts.deletion`), which moves its grants and limits rather than taking them, and which the
background completes if need be.
"""

from __future__ import annotations

import structlog

from octopus.access.models import user
from octopus.access.refresh import Refreshes
from octopus.accounts.deletion import Deletions
from octopus.accounts.models import Account, State
from octopus.accounts.moves_store import MoveStore
from octopus.accounts.service import Accounts
from octopus.accounts.store import AccountStore, lease_name
from octopus.accounts.suspension import require_not_suspended
from octopus.audit.events import Event
from octopus.audit.trail import Trail
from octopus.credentials.service import NO_POLICY_SHA256, Credentials
from octopus.errors import InvalidError, UnavailableError
from octopus.registry.leases import Lease, Leases

_log = structlog.get_logger(__name__)


class Moves:
    """Moves people of one fabric from one identity to another. Each call may be repeated."""

    def __init__(
        self,
        *,
        store: AccountStore,
        moves: MoveStore,
        leases: Leases,
        accounts: Accounts,
        credentials: Credentials,
        deletions: Deletions,
        refreshes: Refreshes,
        trail: Trail,
    ) -> None:
        self._store = store
        self._moves = moves
        self._leases = leases
        self._accounts = accounts
        self._credentials = credentials
        self._deletions = deletions
        self._refreshes = refreshes
        self._trail = trail

    def move(self, old: str, new: str) -> Account:
        """Everything of one subject is another's, who has an account afterwards: namespaces, topics, groups,
        grants, memberships and limits. The old one has no key and no account any more.

        Args:
            old: subject who proved himself, as ``new`` did.

        Returns:
            The new account.

        Raises:
            InvalidError: both are the same, or the old account is being deleted.
            ForbiddenError: one of them is suspended.
            Failure: the new account cannot be made, IAM has no room for its rights, or keys of the old one
                are out of reach.
            UnavailableError: another change of one of them is under way; nothing was done.
            OctopusError: begun and not finished; calling again, or waiting, finishes it.
        """
        if old == new:
            raise InvalidError(f"token: must be of another identity than your own, received one of {old}")
        with self._accounts.ready(new) as new_lease, self._leases.hold(lease_name(old)) as old_lease:
            self._hand_over(old, new, [new_lease, old_lease])
        # First the new rights, then the end of the old ones.
        self._refreshes.now(user(new))
        with self._leases.hold(lease_name(old)) as lease:
            left = self._store.read(old)
            if left is not None and left.moved_to == new:
                self._deletions.begin(left, lease)
        self._refreshes.now(user(new))
        found = self._store.read(new)
        if found is None:
            raise UnavailableError(f"The account of {new} was deleted meanwhile")
        return found

    def _hand_over(self, old: str, new: str, leases: list[Lease]) -> None:
        before = self._store.read(old)
        require_not_suspended(before)
        if before is not None and before.moved_to == new:
            return
        if before is not None and before.state is State.DELETING:
            raise InvalidError(f"token: the account of {old} is being deleted, so that nothing can be moved")
        if before is not None and before.state is State.CREATING:
            raise UnavailableError(f"User {old} is being created: nothing was done, try again")
        self._credentials.require_reach(old)
        account = self._store.read(new)
        if account is None:
            raise UnavailableError(f"User {new} was deleted meanwhile: nothing was done, try again")
        namespaces = sorted(before.namespaces) if before else []
        told = [
            Event(type="account.moved", actor=new, subject=old, data={"to": new, "namespaces": namespaces}),
            Event(type="account.moved", actor=new, subject=new, data={"from": old, "namespaces": namespaces}),
        ]
        change = [
            self._store.pending.begun(old),
            self._refreshes.begun(user(new)),
            *(self._credentials.change(old, NO_POLICY_SHA256) if before else []),
            *(lease.check() for lease in leases),
            *self._trail.items(*told),
        ]
        self._moves.hand_over(before, old, account, change)
        _log.info("account.moved", subject=old, to=new, namespaces=namespaces)

"""Suspending an account and taking it back: for operators. Data is kept; nobody gets at it meanwhile.

What stops the owner, in this order: the state in the registry (every HTTPS route refuses), a policy that
denies everything (to all the owner's sessions too, at once), the keys in the registry (the judge refuses),
those in IAM, and the sessions' records.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from octopus.access.models import user
from octopus.access.refresh import Refreshes
from octopus.access.service import Access
from octopus.accounts.models import Account, State
from octopus.accounts.principal import SUSPENDED_POLICY
from octopus.accounts.principals import Principals
from octopus.accounts.store import AccountStore, lease_name, policies_lease_name
from octopus.audit.events import OPERATOR, Event
from octopus.audit.trail import Trail
from octopus.credentials.service import Credentials
from octopus.errors import ForbiddenError, NotFoundError, UnavailableError
from octopus.iam.generate import policy_sha256
from octopus.registry.leases import Lease, Leases

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_log = structlog.get_logger(__name__)


def require_not_suspended(account: Account | None) -> None:
    """Whoever has this account may use it.

    Raises:
        ForbiddenError: its operator has suspended it.
    """
    if account is not None and account.state is State.SUSPENDED:
        reason = f" ({account.reason})" if account.reason else ""
        raise ForbiddenError(
            f"User {account.subject} is suspended since {account.since}{reason}: ask the fabric's operator"
        )


class Suspensions:
    """Suspends accounts of one fabric, and takes them back. Each call may be repeated."""

    def __init__(
        self,
        *,
        store: AccountStore,
        leases: Leases,
        principals: Principals,
        credentials: Credentials,
        access: Access,
        refreshes: Refreshes,
        trail: Trail,
    ) -> None:
        self._store = store
        self._leases = leases
        self._principals = principals
        self._credentials = credentials
        self._access = access
        self._refreshes = refreshes
        self._trail = trail

    def suspend(self, subject: str, *, reason: str | None = None) -> None:
        """The subject has no access: not to records, not to the web service. What it owns is kept.

        Args:
            reason: in a few words, for the subject to read; a later one takes the place of the first.

        Raises:
            NotFoundError: the subject has no account, or one that is being deleted.
            UnavailableError: the account is only being made; nothing was done.
            Failure: keys of the subject are out of reach, and work on at Kafka; it has no other access.
        """
        with self._leases.hold(lease_name(subject)) as lease:
            account = self._kept(subject)
            if account.state is State.CREATING:
                raise UnavailableError(f"User {subject} is being created: nothing was done, try again")
            change = [
                *self._credentials.change(subject, policy_sha256(SUSPENDED_POLICY)),
                *self._told("account.suspended", subject, reason=reason or account.reason),
            ]
            account = self._store.advance(
                account, State.SUSPENDED, lease, change, reason=reason or account.reason
            )
            self.enforce(account, lease)
            _log.info("account.suspended", subject=subject, reason=reason)
        self._refreshes.now(user(subject))  # whoever the identity is linked to

    def enforce(self, account: Account, lease: Lease) -> None:
        """Take away what a suspended account may still have."""
        subject = account.subject
        there = self._principals.exists(subject)
        lease.renew()
        if there:
            with self._leases.hold(policies_lease_name(subject)):
                self._principals.suspend(subject)
            lease.renew()
        self._credentials.suspend(subject, subject, lease, keep_in_iam=not there)
        if there:
            self._credentials.end_unrecorded(subject, subject, lease)
        self._store.end(subject, lease)

    def resume(self, subject: str) -> None:
        """The subject has its rights, and the keys that worked when it was suspended, again.

        Cut short, it is as if it had not begun: the account stays suspended, and is resumed by calling again.

        Raises:
            NotFoundError: the subject has no account, or one that is being deleted.
            Failure: keys of the subject are out of reach.
        """
        with self._leases.hold(lease_name(subject)) as lease:
            account = self._kept(subject)
            if account.state is not State.SUSPENDED:
                return
            self._store.begin(subject, lease)
            lease.renew()
            # Until the account is in use: what it is given or loses meanwhile waits for that.
            with self._leases.hold(policies_lease_name(subject)):
                held = self._access.holdings(subject, account.namespaces)
                written = self._principals.ensure(subject, self._principals.fitting(subject, held))
                self._credentials.resume(subject, subject, lease)
                change = [
                    *self._credentials.change(subject, self._principals.policy_sha256(written)),
                    *self._told("account.resumed", subject),
                ]
                self._store.advance(account, State.ACTIVE, lease, change)
            _log.info("account.resumed", subject=subject)
        self._refreshes.now(user(subject))

    def _told(self, kind: str, subject: str, **data: str | None) -> list[TransactWriteItemTypeDef]:
        """The event, and the note that what others hold through this identity is another now."""
        event = Event(type=kind, actor=OPERATOR, subject=subject, data=data)
        return [self._refreshes.begun(user(subject)), *self._trail.items(event)]

    def _kept(self, subject: str) -> Account:
        account = self._store.read(subject)
        if account is None or account.state is State.DELETING:
            raise NotFoundError(f"There is no user {subject}")
        return account

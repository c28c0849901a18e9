"""The end of an account, in two parts: access goes with the call, everything else behind it.

With the call: the tombstone (``deleting`` in the registry, from which nothing leads back), keys, rights.
Behind it, once the last requests of whoever held a key are over: groups, topics, the IAM user, and the record
last. Whatever later hangs on an account has its step in `Deletions.finish`. (Quotas will: nothing sets any.)
Every step may be repeated, and each one outside the registry is made right after the lease was renewed, so
that a process which was stopped for too long does not destroy what a new account of the subject has made.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from octopus.accounts.dependents import Dependents, further_namespaces, require_none
from octopus.accounts.models import Account, State
from octopus.accounts.principal import Principals
from octopus.accounts.store import AccountStore
from octopus.credentials.service import NO_POLICY_SHA256, Credentials
from octopus.errors import Failure, OctopusError, UnavailableError
from octopus.kafka.groups import GroupAdmin
from octopus.registry.leases import Lease
from octopus.registry.transactions import CUT_SHORT
from octopus.topics.names import full_name, namespace_of
from octopus.topics.service import Topics

LAST_REQUESTS_S = 60.0
"""The time in which the last request of a principal without rights is over (see ``docs/accounts.md``)."""
DEPENDENTS: tuple[Dependents, ...] = (further_namespaces,)
"""What keeps an account from being deleted, asked in this order."""

_log = structlog.get_logger(__name__)


class Deletions:
    """Deletes accounts. Every change wants the account's lease."""

    def __init__(
        self,
        *,
        store: AccountStore,
        principals: Principals,
        credentials: Credentials,
        topics: Topics,
        groups: GroupAdmin,
        dependents: Sequence[Dependents] = DEPENDENTS,
        last_requests_s: float = LAST_REQUESTS_S,
    ) -> None:
        self._store = store
        self._principals = principals
        self._credentials = credentials
        self._topics = topics
        self._groups = groups
        self._dependents = tuple(dependents)
        self._last_requests_s = last_requests_s

    def begin(self, account: Account, lease: Lease) -> Account:
        """The account is as good as gone for its owner: no rights, no keys, nothing to be seen.

        Raises:
            Failure: others depend on the account; nothing was done.
            OctopusError: begun and not finished; calling again, or waiting, finishes it.
        """
        subject = account.subject
        if account.state is not State.DELETING:
            require_none(account, self._dependents)
            # Asked first, so that an IAM that is away leaves everything as it was.
            self._principals.exists(subject)
            change = self._credentials.change(subject, NO_POLICY_SHA256)
            account = self._store.advance(account, State.DELETING, lease, change)
        if account.withdrawn is not None:
            return account
        try:
            self._withdraw(subject, lease)
            account = self._store.withdrawn(account, lease, due_in_s=self._last_requests_s)
        except CUT_SHORT as error:
            raise _in_part(subject, "may have access still", error) from error
        _log.info("account.deleted", subject=subject, namespace=namespace_of(subject))
        return account

    def finish(self, account: Account, lease: Lease, *, members_may_stay: bool) -> None:
        """Nothing of the account is left.

        Args:
            members_may_stay: whether groups that still have members may be left to a new account of the same
                subject, which is about to be made; they cannot be deleted before their sessions have ended.

        Raises:
            Failure: IAM keeps the user for something that a person gave it and has to take away.
            OctopusError: done in part; doing it again finishes it.
        """
        subject = account.subject
        account = self.begin(account, lease)
        try:
            for namespace in sorted(account.namespaces):
                self._delete_groups(subject, namespace, lease, members_may_stay)
                lease.renew()
                self._topics.delete_all(subject, namespace, lease)
            lease.renew()
            if self._principals.exists(subject):
                # Again: something may have been given by hand meanwhile, and IAM keeps a user that has it.
                self._withdraw(subject, lease)
                lease.renew()
                self._principals.delete(subject)
            self._store.remove(account, lease, self._credentials.change(subject, NO_POLICY_SHA256))
        except Failure:
            raise  # only a person can help, who is to read why
        except CUT_SHORT as error:
            raise _in_part(subject, "has no access any more", error) from error
        _log.info("account.removed", subject=subject, namespace=namespace_of(subject))

    def _withdraw(self, subject: str, lease: Lease) -> None:
        lease.renew()
        # A user of that name may be another fabric's: its creation was refused, and nothing of it is ours.
        ours = self._principals.exists(subject)
        self._credentials.delete_all(subject, subject, lease, keep_in_iam=not ours)
        if ours:
            lease.renew()
            self._principals.withdraw(subject)

    def _delete_groups(self, subject: str, namespace: str, lease: Lease, members_may_stay: bool) -> None:
        names = self._groups.names(full_name(namespace, ""))
        lease.renew()
        in_use = self._groups.delete(names)
        if in_use:
            _log.info("account.groups_in_use", subject=subject, groups=in_use)
            if not members_may_stay:
                raise UnavailableError(f"Groups {', '.join(in_use)} still have members: try again later")


def _in_part(subject: str, access: str, error: Exception) -> OctopusError:
    # Groups that have members still, or a dependency that is away, are nothing to look into.
    foreseen = isinstance(error, UnavailableError)
    _log.warning(
        "account.half_deleted", subject=subject, access=access, reason=str(error), exc_info=not foreseen
    )
    return OctopusError(f"User {subject} is deleted in part and {access}: call again to finish")

"""The end of an account, in two parts: access goes with the call, everything else behind it.

With the call: the tombstone (``deleting`` in the registry, from which nothing leads back), keys, rights.
Behind it, once no policy names anything of the account's and the last requests by those that did are over:
groups, topics, the IAM user, and the record last. Whatever later hangs on an account has its step in
`Deletions.finish`.
Of an account whose person moved, grants and limits go to the new one (`octopus.accounts.moves`).
Every step may be repeated, and each one outside the registry is made right after the lease was renewed, so
that a process which was stopped for too long does not destroy what a new account of the subject has made.
"""

from __future__ import annotations

from contextlib import ExitStack

import structlog

from octopus.access.models import EVERY_TOPIC
from octopus.access.refresh import POLICIES_S, Refreshes
from octopus.access.service import Access
from octopus.accounts.dependents import Dependents, further_namespaces, require_none
from octopus.accounts.emptying import Emptying
from octopus.accounts.models import Account, State
from octopus.accounts.principals import Principals
from octopus.accounts.store import AccountStore, policies_lease_name
from octopus.audit.events import FABRIC, Event
from octopus.audit.trail import Trail
from octopus.credentials.service import NO_POLICY_SHA256, Credentials
from octopus.errors import Failure, OctopusError, UnavailableError
from octopus.identity.links import IdentityLinks
from octopus.projects.members import lasts
from octopus.projects.service import lease_name as project_lease
from octopus.quotas.service import Quotas
from octopus.registry.leases import Lease, Leases
from octopus.registry.transactions import CUT_SHORT
from octopus.topics.names import namespace_of

LAST_REQUESTS_S = 60.0
"""The time in which the last request of a principal without rights is over (see ``docs/accounts.md``)."""

_log = structlog.get_logger(__name__)


class Deletions:
    """Deletes accounts. Every change wants the account's lease."""

    def __init__(
        self,
        *,
        store: AccountStore,
        leases: Leases,
        principals: Principals,
        credentials: Credentials,
        emptying: Emptying,
        access: Access,
        refreshes: Refreshes,
        quotas: Quotas,
        links: IdentityLinks,
        trail: Trail,
        last_requests_s: float = LAST_REQUESTS_S,
    ) -> None:
        self._store = store
        self._leases = leases
        self._principals = principals
        self._credentials = credentials
        self._emptying = emptying
        self._access = access
        self._refreshes = refreshes
        self._quotas = quotas
        self._links = links
        self._trail = trail
        self._dependents: tuple[Dependents, ...] = (further_namespaces, self._sole_ownerships)
        self._last_requests_s = last_requests_s

    def hindrances(self, account: Account, *, further_too: bool) -> list[str]:
        """What keeps the account from being deleted, in sentences for its owner.

        Args:
            further_too: as for `begin`.
        """
        asked = (dependent(account) for dependent in self._asked(further_too=further_too))
        return [sentence for sentence in asked if sentence is not None]

    def begin(
        self, account: Account, lease: Lease, *, further_too: bool = False, actor: str | None = None
    ) -> Account:
        """The account is as good as gone for its owner: no rights, no keys, nothing to be seen.

        For others its topics are gone from the API; from their policies, too, once it is ``withdrawn``.

        Args:
            further_too: whether namespaces besides the account's own go with it, rather than keep it.
            actor: who brings it about; None for the subject itself.

        Raises:
            Failure: others depend on the account, or its keys are out of reach; nothing was done.
            OctopusError: begun and not finished; calling again, or waiting, finishes it.
        """
        subject = account.subject
        first = account.state is not State.DELETING
        with ExitStack() as turns:
            if account.withdrawn is None:
                # Nobody writes policies any more who had begun while the account was in use.
                turns.enter_context(self._leases.hold(policies_lease_name(subject)))
            if first:
                # Until the ownerships are taken, so that of two owners who go at once one is told.
                for project in self._owned_projects(subject):
                    turns.enter_context(self._leases.hold(project_lease(project)))
                require_none(account, self._asked(further_too=further_too))
                # Asked first, so that an IAM that is away leaves everything as it was.
                self._principals.exists(subject)
                self._credentials.require_reach(subject)
                by = actor or subject
                told = Event(type="account.deleted", actor=by, subject=subject)
                change = [
                    *self._credentials.change(subject, NO_POLICY_SHA256),
                    *map(self._refreshes.begun_on, sorted(account.namespaces)),
                    *self._trail.items(told),
                ]
                account = self._store.advance(account, State.DELETING, lease, change, deleted_by=by)
            if account.withdrawn is not None:
                return account
            try:
                self._withdraw(subject, lease)
                self._take(account)
                account = self._part(account, lease)
            except CUT_SHORT as error:
                raise _in_part(subject, "may have access still", error) from error
        if first or account.withdrawn is not None:
            _log.info("account.deleted", subject=subject, namespace=namespace_of(subject))
        return account

    def finish(self, account: Account, lease: Lease, *, members_may_stay: bool) -> None:
        """Nothing of the account is left.

        Args:
            members_may_stay: whether groups that still have members may be left to a new account of the same
                subject, which is about to be made; they cannot be deleted before their sessions have ended.

        Raises:
            Failure: IAM keeps the user for something that a person gave it and has to take away.
            UnavailableError: policies of others are still to be written, which takes seconds.
            OctopusError: done in part; doing it again finishes it.
        """
        subject = account.subject
        account = self.begin(account, lease)
        if account.withdrawn is None:
            raise UnavailableError(
                f"User {subject} is being deleted, and others still lose what it shared with them: try again"
            )
        try:
            for namespace in sorted(account.namespaces):
                self._emptying.empty(namespace, lease, actor=subject, members_may_stay=members_may_stay)
            lease.renew()
            if self._principals.exists(subject):
                # Again: something may have been given by hand meanwhile, and IAM keeps a user that has it.
                self._withdraw(subject, lease)
                lease.renew()
                self._principals.delete(subject)
            self._quotas.forget(subject)
            self._links.forget(subject)
            told = Event(type="account.removed", actor=FABRIC, subject=subject)
            change = [*self._credentials.change(subject, NO_POLICY_SHA256), *self._trail.items(told)]
            self._store.remove(account, lease, change)
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

    def _take(self, account: Account) -> None:
        """It has no grant of others' any more."""
        subject = account.subject
        if account.moved_to is None:
            self._access.take_all_to(subject, actor=account.deleted_by or subject)
        else:
            self._access.move_all(subject, account.moved_to)
            self._quotas.move(subject, account.moved_to)

    def _part(self, account: Account, lease: Lease) -> Account:
        """Nobody has a grant of the account's any more; as it was while policies still say that he has."""
        namespaces = sorted(account.namespaces)
        if any(map(self._refreshes.waiting_on, namespaces)):
            self._store.pending.postpone(account.subject, due_in_s=POLICIES_S)
            return account
        for namespace in namespaces:
            actor = account.deleted_by or account.subject
            self._access.take_all_on(namespace, None, actor=actor, refreshed=True)
            lease.renew()
        return self._store.withdrawn(account, lease, due_in_s=self._last_requests_s)

    def _asked(self, *, further_too: bool) -> list[Dependents]:
        left_out = further_namespaces if further_too else None
        return [dependent for dependent in self._dependents if dependent is not left_out]

    def _owned_projects(self, subject: str) -> list[str]:
        return sorted({grant.namespace for grant in self._access.named(subject) if lasts(grant)})

    def _sole_ownerships(self, account: Account) -> str | None:
        alone = [
            project
            for project in self._owned_projects(account.subject)
            if sum(map(lasts, self._access.grants_on(project, EVERY_TOPIC))) == 1
        ]
        if not alone:
            return None
        return f"user is the only owner of project(s) {', '.join(alone)}. Transfer or end them first."


def _in_part(subject: str, access: str, error: Exception) -> OctopusError:
    # Groups that have members still, or a dependency that is away, are nothing to look into.
    foreseen = isinstance(error, UnavailableError)
    _log.warning(
        "account.half_deleted", subject=subject, access=access, reason=str(error), exc_info=not foreseen
    )
    return OctopusError(f"User {subject} is deleted in part and {access}: call again to finish")

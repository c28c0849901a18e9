"""Namespaces of an account that stays: emptied, or, when it has more than its own, deleted.

Emptying is done within the call. What there is to be gone is written down first, with Kafka's ids: cut short,
the background goes on with exactly that, and leaves what was made since.
Deletion is in two parts, as that of an account: access goes with the call, groups and topics behind it.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

import structlog

from octopus.access.models import user
from octopus.access.refresh import POLICIES_S, Refreshes
from octopus.access.refusal import refused
from octopus.access.service import Access
from octopus.accounts.emptying import Contents, Emptying
from octopus.accounts.models import Account, State
from octopus.accounts.namespace_store import NamespaceStore, Wipe
from octopus.accounts.service import Accounts
from octopus.accounts.store import lease_name
from octopus.audit.events import FABRIC, Event
from octopus.audit.trail import Trail
from octopus.errors import InvalidError, OctopusError
from octopus.registry.leases import Lease, Leases
from octopus.registry.transactions import CUT_SHORT
from octopus.topics.names import namespace_of

_log = structlog.get_logger(__name__)


class Namespaces:
    """Namespaces of the accounts of one fabric. Each call may be repeated.

    Args:
        last_requests_s: seconds in which the last request of somebody whose right was taken is over.
    """

    def __init__(
        self,
        *,
        store: NamespaceStore,
        leases: Leases,
        accounts: Accounts,
        access: Access,
        refreshes: Refreshes,
        emptying: Emptying,
        trail: Trail,
        last_requests_s: float,
    ) -> None:
        self._store = store
        self._leases = leases
        self._accounts = accounts
        self._access = access
        self._refreshes = refreshes
        self._emptying = emptying
        self._trail = trail
        self._last_requests_s = last_requests_s

    def contents(self, subject: str, namespace: str, *, actor: str | None = None) -> Contents:
        """What `wipe` or `delete` would take away; nothing is changed.

        Args:
            actor: as for `wipe`.

        Raises:
            ForbiddenError: the namespace is not one of the subject's.
            UnavailableError: Kafka is away.
        """
        self._own(subject, namespace, actor)
        return self._emptying.contents(namespace)

    def wipe(self, subject: str, namespace: str, *, actor: str | None = None) -> tuple[Contents, list[str]]:
        """The namespace is empty: no topic, no group and no grant of before is left; it stays the subject's.

        Args:
            actor: an operator, who may wipe what is suspended; None for the subject itself.

        Returns:
            What there was, and the groups that are there still because they have members.

        Raises:
            ForbiddenError: the namespace is not one of the subject's.
            UnavailableError: Kafka is away; nothing was done.
            OctopusError: begun and not finished; calling again, or waiting, finishes it.
        """
        self._own(subject, namespace, actor)
        with self._leases.hold(lease_name(subject)) as lease:
            self._own(subject, namespace, actor)
            as_of = self._store.now()
            found = self._emptying.contents(namespace)
            wipe = Wipe(
                namespace, actor=actor or subject, topics=found.topics, groups=found.groups, as_of=as_of
            )
            told = Event(
                type="namespace.wiped",
                actor=wipe.actor,
                subject=subject,
                namespace=namespace,
                data={"topics": len(found.topics), "groups": len(found.groups), "grants": len(found.grants)},
            )
            self._store.begin_wipe(wipe, lease, self._trail.items(told))
            try:
                in_use = self._finish_wipe(wipe, lease)
            except CUT_SHORT as error:
                _log.warning("namespace.half_wiped", namespace=namespace, reason=str(error)[:200])
                raise OctopusError(
                    f"Namespace {namespace} is wiped in part: call again, or wait, to finish"
                ) from error
        _log.info("namespace.wiped", subject=subject, **told.data, namespace=namespace)
        return found, in_use

    def delete(self, subject: str, namespace: str) -> None:
        """A namespace besides the account's own is nobody's; its topics and records go a minute later.

        Raises:
            ForbiddenError: the namespace is not one of the subject's.
            InvalidError: it is the account's own, which goes with the account alone.
        """
        if self._store.owner(namespace) == subject and self._store.left(namespace):
            return
        self._own(subject, namespace)
        if namespace == namespace_of(subject):
            raise InvalidError(
                f"namespace: {namespace} is your account's own: wipe it, or delete the account with it"
            )
        with self._leases.hold(lease_name(subject)) as lease:
            account = self._own(subject, namespace)
            told = Event(type="namespace.deleted", actor=subject, subject=subject, namespace=namespace)
            notes = [self._refreshes.begun(user(subject)), self._refreshes.begun_on(namespace)]
            change = [*notes, *self._trail.items(told)]
            self._store.part(account, namespace, lease, change)
        self._refreshes.now(user(subject))
        _log.info("namespace.deleted", subject=subject, namespace=namespace)

    def heal_all(self) -> None:
        """Go on with every namespace of which something is pending and due."""
        self._store.wipes.work_off(self._heal_wipe)
        self._store.leaving.work_off(self._heal_deletion)

    def _heal_wipe(self, namespace: str) -> None:
        with self._held(namespace) as lease:
            wipe = self._store.wipe(namespace)
            if wipe is not None:
                self._finish_wipe(wipe, lease)
                _log.info("namespace.wipe_completed", namespace=namespace)

    def _finish_wipe(self, wipe: Wipe, lease: Lease) -> list[str]:
        in_use = self._emptying.remove(
            wipe.namespace, wipe.topics, wipe.groups, lease, as_of=wipe.as_of, actor=wipe.actor
        )
        self._store.end_wipe(wipe.namespace, lease)
        return in_use

    def _heal_deletion(self, namespace: str) -> None:
        with self._held(namespace) as lease:
            leaving = self._store.left(namespace)
            if leaving is None:
                self._store.settle(namespace, lease)
            elif leaving.withdrawn is None and self._refreshes.waiting_on(namespace, user(leaving.owner)):
                self._store.leaving.postpone(namespace, due_in_s=POLICIES_S)
            elif leaving.withdrawn is None:
                self._access.take_all_on(namespace, None, actor=FABRIC, refreshed=True)
                lease.renew()
                self._store.withdrawn(namespace, lease, due_in_s=self._last_requests_s)
            else:
                self._emptying.empty(namespace, lease, actor=FABRIC, members_may_stay=False)
                self._store.remove(namespace, lease)
                _log.info("namespace.removed", namespace=namespace)

    def _held(self, namespace: str) -> AbstractContextManager[Lease]:
        owner = self._store.owner(namespace) or namespace
        return self._leases.hold(lease_name(owner), patience_s=0)

    def _own(self, subject: str, namespace: str, actor: str | None = None) -> Account:
        account = self._accounts.find(subject)
        usable = (State.ACTIVE,) if actor is None else (State.ACTIVE, State.SUSPENDED)
        if account is None or account.state not in usable or namespace not in account.namespaces:
            raise refused(subject, namespace)
        return account

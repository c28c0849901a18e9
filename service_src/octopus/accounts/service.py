"""The life of an account: claimed, completed, used, deleted; every step may be repeated.

Order of creation: namespace and account in the registry (so a taken namespace is refused before anything
is made), IAM user and policy, topics that Kafka already holds, and only then ``active``.
Deletion and suspension have modules of their own. Whatever a crash leaves behind is completed, or undone, by
the next call for that subject, or in the background by `Accounts.heal`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

import structlog

from octopus.access.service import Access
from octopus.accounts.deletion import Deletions
from octopus.accounts.models import Account, State
from octopus.accounts.principals import Principals
from octopus.accounts.store import AccountStore, NamespaceTakenError, lease_name, policies_lease_name
from octopus.accounts.suspension import Suspensions, require_not_suspended
from octopus.audit.events import Event
from octopus.audit.trail import Trail
from octopus.credentials.service import Credentials
from octopus.errors import Failure
from octopus.iam.holdings import Holdings
from octopus.registry.leases import PATIENCE_S, Lease, Leases
from octopus.topics.healing import Healing
from octopus.topics.models import Reconciliation
from octopus.topics.names import namespace_of
from octopus.topics.service import Topics

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

REFRESH_PATIENCE_S = 1.0
"""How long policies that somebody else is writing are waited for; then they are written a second later."""

_log = structlog.get_logger(__name__)


class Accounts:
    """Accounts of one fabric."""

    def __init__(
        self,
        *,
        store: AccountStore,
        leases: Leases,
        principals: Principals,
        credentials: Credentials,
        topics: Topics,
        healing: Healing,
        access: Access,
        deletions: Deletions,
        suspensions: Suspensions,
        trail: Trail,
    ) -> None:
        self._store = store
        self._leases = leases
        self._principals = principals
        self._credentials = credentials
        self._topics = topics
        self._healing = healing
        self._access = access
        self._deletions = deletions
        self._suspensions = suspensions
        self._trail = trail

    def create(self, subject: str) -> Account:
        """The subject's account, complete; one that exists is checked against IAM and mended.

        Raises:
            Failure: the namespace is another subject's, or IAM refuses; nothing was made.
            ForbiddenError: the account is suspended.
        """
        account = self._store.read(subject)
        if account and account.state is State.ACTIVE and self._in_order(account, self._holdings(account)):
            return account
        with self._turn(subject) as lease:
            return self._complete(subject, lease)

    def delete(self, subject: str, *, further_too: bool = False, actor: str | None = None) -> None:
        """The subject has no account any more: no key works, no topic is to be seen.

        What the account owned is removed behind the call (`heal`), or by the next creation if that is sooner.

        Args:
            further_too: whether namespaces besides the account's own go with it, rather than keep it.
            actor: an operator, who may delete what is suspended; None for the subject itself.

        Raises:
            Failure: others depend on the account, such as the users of a further namespace; nothing was done.
            ForbiddenError: the account is suspended, and it is the subject itself who asks.
            UnavailableError: a dependency is away; nothing was done.
            OctopusError: begun and not finished; calling again, or waiting, finishes it.
        """
        if self._store.read(subject) is None:
            return
        with self._turn(subject) as lease:
            account = self._store.read(subject)
            if actor is None:
                require_not_suspended(account)
            if account is not None:
                self._deletions.begin(account, lease, further_too=further_too, actor=actor)

    def hindrances(self, subject: str) -> list[str]:
        """What keeps the subject's account from being deleted with all its namespaces, in sentences."""
        account = self._store.read(subject)
        return self._deletions.hindrances(account, further_too=True) if account else []

    def namespaces(self, subject: str) -> dict[str, list[str]]:
        """The subject's namespaces, each with its topics in order; empty without an account."""
        return self.namespaces_of(self._store.read(subject))

    def namespaces_of(self, account: Account | None) -> dict[str, list[str]]:
        """The same of an account that has just been read."""
        if account is None or account.state is not State.ACTIVE:
            return {}
        return {name: self._topics.names(name) for name in sorted(account.namespaces)}

    def find(self, subject: str) -> Account | None:
        """The subject's account as it is recorded, in whatever state it is; None without one."""
        return self._store.read(subject)

    def require_not_suspended(self, subject: str) -> Account | None:
        """The subject may use what it has, if it has anything; returns its account.

        Raises:
            ForbiddenError: its operator has suspended it.
        """
        account = self._store.read(subject)
        require_not_suspended(account)
        return account

    @contextmanager
    def ready(self, subject: str) -> Iterator[Lease]:
        """The subject's account is complete, and held for a change of what hangs on it.

        Raises:
            Failure: the account cannot be made.
            ForbiddenError: the account is suspended.
            UnavailableError: another change of the account is under way.
        """
        with self._turn(subject) as lease:
            self._complete(subject, lease)
            with self._pending(subject, lease):
                yield lease

    @contextmanager
    def changing(self, subject: str) -> Iterator[Lease]:
        """The account, or what is left of one, is held for a change that may be cut short, in whatever state.

        Raises:
            UnavailableError: another change of the account is under way.
        """
        with self._turn(subject) as lease, self._pending(subject, lease):
            yield lease

    def while_active(self, subject: str) -> TransactWriteItemTypeDef:
        """Item that makes a transaction fail unless the account is active at that moment.

        Enough for what is only added to an account, and needs no turn: nothing waits for another.
        """
        return self._store.while_active(subject)

    def reconcile(self, subject: str) -> Reconciliation:
        """Complete or mend one account, and bring its topics in line with Kafka, which is right.

        One that is suspended or being deleted is left as it is.

        Raises:
            UnavailableError: a dependency is away.
        """
        account = self._store.read(subject)
        total = Reconciliation()
        if account is None or account.state in (State.DELETING, State.SUSPENDED):
            return total
        for namespace in sorted(self.create(subject).namespaces):
            total += self._healing.reconcile(subject, namespace)
        return total

    def refresh(self, subject: str) -> None:
        """The policies of the subject's principal say what it holds now, and the judge knows.

        Nothing is done for whoever has no account, or one that is not in use: it gets its rights when it is.

        Raises:
            Failure: IAM has no room for all rights; those that fit are written.
            TurnTakenError: somebody else is writing these policies.
            UnavailableError: a dependency is away.
        """
        if self._store.read(subject) is None:
            return  # whoever makes an account from here on reads its rights after this
        with self._writing(subject, patience_s=REFRESH_PATIENCE_S) as writing:
            account = self._store.read(subject)
            if account is None or account.state is not State.ACTIVE:
                return
            holdings = self._holdings(account)
            # Even when IAM shows them already: that may be its state of a while ago, before a right was given
            # that has just been withdrawn.
            written = self._write_policies(account, holdings, writing)
        if not all(right.spare for right in holdings - written):
            raise Failure(
                f"Failed to write the policies of IAM user {subject}: there is no room for {len(holdings)}"
                f" rights, {len(written)} are written"
            )

    def bring_up_to_date(self, subject: str) -> None:
        """`refresh`, if the policies that were written last are not those that would be written now.

        IAM itself is not asked: what somebody did there by hand is mended when the account is asked for.

        Raises:
            OctopusError: as `refresh`.
        """
        account = self._store.read(subject)
        if account is None or account.state is not State.ACTIVE:
            return
        now = self._principals.policy_sha256(self._holdings(account))
        if self._credentials.policy_sha256(subject) != now:
            self.refresh(subject)

    def subjects(self) -> Iterator[str]:
        """Every subject that has an account."""
        return self._store.subjects()

    def heal_all(self) -> None:
        """Go on with every account of which something is pending and due."""
        self._store.pending.work_off(self.heal)

    def heal(self, subject: str) -> None:
        """Complete or undo what is pending of one account.

        Raises:
            UnavailableError: a dependency is away, or a request is at this account just now.
            OctopusError: done in part; doing it again finishes it.
        """
        with self._turn(subject, patience_s=0) as lease:
            account = self._store.read(subject)
            if account is None or account.state is State.ACTIVE:
                if self._principals.exists(subject):
                    self._credentials.end_unrecorded(subject, subject, lease)
                self._store.end(subject, lease)
            elif account.state is State.CREATING:
                try:
                    self._complete(subject, lease)
                except Failure as failure:
                    _log.info("account.not_created", subject=subject, reason=failure.message)
            elif account.state is State.SUSPENDED:
                self._suspensions.enforce(account, lease)
            elif account.withdrawn is None:
                self._deletions.begin(account, lease)
            else:
                self._deletions.finish(account, lease, members_may_stay=False)

    def _turn(self, subject: str, *, patience_s: float = PATIENCE_S) -> AbstractContextManager[Lease]:
        return self._leases.hold(lease_name(subject), patience_s=patience_s)

    @contextmanager
    def _pending(self, subject: str, lease: Lease) -> Iterator[None]:
        first = self._store.begin(subject, lease)
        yield
        if first:
            self._store.end(subject, lease)

    def _writing(self, subject: str, *, patience_s: float = PATIENCE_S) -> AbstractContextManager[Lease]:
        return self._leases.hold(policies_lease_name(subject), patience_s=patience_s)

    def _holdings(self, account: Account) -> Holdings:
        held = self._access.holdings(account.subject, account.namespaces)
        return self._principals.fitting(account.subject, held)

    def _in_order(self, account: Account, holdings: Holdings) -> bool:
        return self._principals.in_order(account.subject, holdings)

    def _complete(self, subject: str, lease: Lease) -> Account:
        account = self._store.read(subject)
        require_not_suspended(account)
        if account is not None and account.state is State.DELETING:
            # Whole, and now: no later step of the old account's end can meet the new account.
            self._deletions.finish(account, lease, members_may_stay=True)
            account = None
        if account is None:
            account = self._claim(subject, lease)
        if account.state is State.ACTIVE and self._in_order(account, self._holdings(account)):
            return account
        lease.renew()
        with self._writing(subject) as writing:
            holdings = self._holdings(account)
            if account.state is State.ACTIVE:
                self._write_policies(account, holdings, writing)
                return account
            # Until the account is in use: what it is given or loses meanwhile waits for that.
            return self._begin_use(account, holdings, lease)

    def _write_policies(self, account: Account, holdings: Holdings, writing: Lease) -> Holdings:
        """Of an account in use; returns the rights for which IAM has room."""
        subject = account.subject
        writing.renew()
        written = self._principals.ensure(subject, holdings)
        conditions = (self._store.while_active(subject), writing.check())
        self._credentials.bump_version(subject, self._principals.policy_sha256(written), *conditions)
        return written

    def _begin_use(self, account: Account, holdings: Holdings, lease: Lease) -> Account:
        subject = account.subject
        try:
            written = self._principals.ensure(subject, holdings)
        except Failure:
            # IAM will never have it, so the claim is given up rather than tried again for ever.
            self._store.remove(account, lease, [])
            raise
        for namespace in sorted(account.namespaces):
            self._healing.adopt(subject, namespace)
        told = Event(type="account.created", actor=subject, subject=subject)
        policy_sha256 = self._principals.policy_sha256(written)
        change = [*self._credentials.change(subject, policy_sha256), *self._trail.items(told)]
        account = self._store.advance(account, State.ACTIVE, lease, change)
        _log.info("account.created", subject=subject, namespace=namespace_of(subject))
        return account

    def _claim(self, subject: str, lease: Lease) -> Account:
        namespace = namespace_of(subject)
        try:
            return self._store.claim(subject, namespace, lease)
        except NamespaceTakenError:
            raise Failure(f"Failed to create namespace: Namespace already taken: {namespace}") from None

"""The life of an account: claimed, completed, used, deleted; every step may be repeated.

Order of creation: namespace and account in the registry (so a taken namespace is refused before anything
is made), IAM user and policy, topics that Kafka already holds, and only then ``active``.
Order of deletion: ``deleting`` in the registry, rights and keys, topics, IAM user, and the record last.
Whatever a crash leaves behind is completed by the next call for that subject.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import structlog
from botocore.exceptions import BotoCoreError, ClientError

from octopus.accounts.models import Account, State
from octopus.accounts.principal import Principals
from octopus.accounts.store import AccountStore, NamespaceTakenError
from octopus.credentials.service import NO_POLICY_SHA256, Credentials
from octopus.errors import Failure, OctopusError
from octopus.registry.leases import Lease, Leases
from octopus.registry.transactions import ConditionFailedError
from octopus.topics.service import Reconciliation, Topics, namespace_of

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
    ) -> None:
        self._store = store
        self._leases = leases
        self._principals = principals
        self._credentials = credentials
        self._topics = topics

    def create(self, subject: str) -> Account:
        """The subject's account, complete; one that exists is checked against IAM and mended.

        Raises:
            Failure: the namespace is another subject's (nothing was made), or IAM refuses.
        """
        account = self._store.read(subject)
        if account and account.state is State.ACTIVE and self._in_order(account):
            return account
        with self.turn(subject) as lease:
            return self._complete(subject, lease)

    def delete(self, subject: str) -> None:
        """No account, no key, no topic and no IAM user of the subject is left.

        Raises:
            Failure: the subject owns further namespaces; nothing was done.
            UnavailableError: a dependency is away; nothing was done.
            OctopusError: begun and not finished; calling again finishes it.
        """
        if self._store.read(subject) is None:
            return
        with self.turn(subject) as lease:
            account = self._store.read(subject)
            if account is None:
                return
            further = account.namespaces - {namespace_of(subject)}
            if further:
                raise Failure(
                    f"Cannot delete user {subject}: user has {len(further)} additional namespace(s). "
                    "Delete namespaces first."
                )
            if account.state is not State.DELETING:
                account = self._tombstone(account, lease)
            self._finish_deletion(account, lease)

    def namespaces(self, subject: str) -> dict[str, list[str]]:
        """The subject's namespaces, each with its topics in order; empty without an account."""
        account = self._store.read(subject)
        if account is None or account.state is not State.ACTIVE:
            return {}
        return {name: self._topics.names(name) for name in sorted(account.namespaces)}

    def find(self, subject: str) -> Account | None:
        """The subject's account as it is recorded, in whatever state it is; None without one."""
        return self._store.read(subject)

    @contextmanager
    def ready(self, subject: str) -> Iterator[Lease]:
        """The subject's account is complete, and held for a change of what hangs on it.

        Raises:
            Failure: the account cannot be made.
            UnavailableError: another change of the account is under way.
        """
        with self.turn(subject) as lease:
            self._complete(subject, lease)
            yield lease

    def turn(self, subject: str) -> AbstractContextManager[Lease]:
        """The turn to change the subject's account, or what is left of one, in whatever state it is.

        Raises:
            UnavailableError: others had it all the time.
        """
        return self._leases.hold(f"account {subject}")

    def reconcile(self, subject: str) -> Reconciliation:
        """Complete or mend one account, and bring its topics in line with Kafka, which is right.

        Raises:
            UnavailableError: a dependency is away.
        """
        account = self._store.read(subject)
        total = Reconciliation()
        if account is None:
            return total
        if account.state is State.DELETING:
            self.delete(subject)
            return total
        for namespace in sorted(self.create(subject).namespaces):
            total += self._topics.reconcile(subject, namespace)
        return total

    def subjects(self) -> Iterator[str]:
        """Every subject that has an account."""
        return self._store.subjects()

    def _in_order(self, account: Account) -> bool:
        return self._principals.in_order(account.subject, account.namespaces)

    def _complete(self, subject: str, lease: Lease) -> Account:
        account = self._store.read(subject)
        if account is not None and account.state is State.DELETING:
            self._finish_deletion(account, lease)
            account = None
        if account is None:
            namespace = namespace_of(subject)
            try:
                account = self._store.claim(subject, namespace, lease)
            except NamespaceTakenError:
                raise Failure(f"Failed to create namespace: Namespace already taken: {namespace}") from None
        if account.state is State.ACTIVE and self._in_order(account):
            return account
        self._principals.ensure(subject, account.namespaces)
        policy_sha256 = self._principals.policy_sha256(account.namespaces)
        if account.state is State.ACTIVE:
            self._credentials.bump_version(subject, policy_sha256)
            return account
        for namespace in sorted(account.namespaces):
            self._topics.adopt(subject, namespace)
        change = self._credentials.change(subject, policy_sha256)
        account = self._store.advance(account, State.ACTIVE, lease, change)
        _log.info("account.created", subject=subject, namespace=namespace_of(subject))
        return account

    def _tombstone(self, account: Account, lease: Lease) -> Account:
        # Asked first, so that a dependency that is away leaves everything as it was.
        self._topics.require_kafka()
        self._in_order(account)
        change = self._credentials.change(account.subject, NO_POLICY_SHA256)
        return self._store.advance(account, State.DELETING, lease, change)

    def _finish_deletion(self, account: Account, lease: Lease) -> None:
        subject = account.subject
        access = "may have access still"
        try:
            # Its creation was refused for that user's sake, which is not to be harmed by taking it back.
            foreign = self._principals.is_foreign(subject)
            if not foreign:
                self._principals.withdraw(subject)
            self._credentials.delete_all(subject, subject, lease, keep_in_iam=foreign)
            access = "has no access any more"
            for namespace in sorted(account.namespaces):
                self._topics.delete_all(subject, namespace)
            if not foreign:
                self._principals.delete(subject)
            change = self._credentials.change(subject, NO_POLICY_SHA256)
            self._store.remove(account, lease, change)
        except (OctopusError, ConditionFailedError, BotoCoreError, ClientError) as error:
            _log.warning("account.half_deleted", subject=subject, exc_info=True)
            raise OctopusError(
                f"User {subject} is deleted in part and {access}: call again to finish"
            ) from error
        _log.info("account.deleted", subject=subject, namespace=namespace_of(subject))

"""Keys of account holders: had, listed, deleted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from octopus.accounts.models import State
from octopus.accounts.principal import Principals
from octopus.accounts.service import Accounts
from octopus.credentials.models import StoredKey, UsableKey
from octopus.credentials.service import Credentials, PrincipalGoneError
from octopus.errors import Failure, UnavailableError
from octopus.registry.leases import Lease


class Keys:
    """Keys of one fabric's accounts. An account's subject is the name of its IAM user."""

    def __init__(self, *, accounts: Accounts, principals: Principals, credentials: Credentials) -> None:
        self._accounts = accounts
        self._principals = principals
        self._credentials = credentials

    def current(self, subject: str) -> UsableKey:
        """The subject's key: the recorded one while it works, else a new one; the account is made first.

        Raises:
            Failure: the account cannot be made.
        """
        account = self._accounts.find(subject)
        if account and account.state is State.ACTIVE:
            try:
                key = self._credentials.current(subject, subject)
            except PrincipalGoneError:
                key = None
            if key is not None:
                return key
        with self._ready(subject) as lease:
            try:
                return self._credentials.current(subject, subject) or self._credentials.issue(
                    subject, subject, lease
                )
            except PrincipalGoneError:
                raise UnavailableError("IAM does not know the new user yet: try again") from None

    def recorded(self, subject: str) -> list[StoredKey]:
        """The subject's recorded keys, newest first."""
        return self._credentials.recorded(subject)

    def delete_all(self, subject: str) -> None:
        """No key of the subject works any more."""
        with self._accounts.turn(subject) as lease:
            foreign = self._principals.is_foreign(subject)
            self._credentials.delete_all(subject, subject, lease, keep_in_iam=foreign)

    @contextmanager
    def _ready(self, subject: str) -> Iterator[Lease]:
        with ExitStack() as held:
            try:
                lease = held.enter_context(self._accounts.ready(subject))
            except Failure as failure:
                raise Failure(f"Failed to create user: {failure.message}") from failure
            yield lease

"""Keys of account holders: had, added, rotated, revoked, listed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from octopus.accounts.models import State
from octopus.accounts.principals import Principals
from octopus.accounts.service import Accounts
from octopus.credentials.events import by_its_owner
from octopus.credentials.issuer import SESSIONS_ONLY
from octopus.credentials.models import (
    MOST_KEYS,
    KeyRules,
    Kind,
    ListedKey,
    NoRoomError,
    Rotation,
    StoredKey,
    UsableKey,
)
from octopus.credentials.propagation import is_old, usable_after
from octopus.credentials.service import Credentials, PrincipalGoneError
from octopus.credentials.tending import Findings
from octopus.errors import Failure, InvalidError, NotFoundError, UnavailableError
from octopus.metrics.instruments import Instruments
from octopus.quotas.service import Quotas
from octopus.registry.leases import Lease


class Keys:
    """Keys of one fabric's accounts. An account's subject is the name of its IAM user."""

    def __init__(
        self,
        *,
        accounts: Accounts,
        principals: Principals,
        credentials: Credentials,
        quotas: Quotas,
        rules: KeyRules,
        instruments: Instruments,
    ) -> None:
        self._rules = rules
        self._accounts = accounts
        self._principals = principals
        self._credentials = credentials
        self._quotas = quotas
        self._instruments = instruments

    def current(self, subject: str) -> UsableKey:
        """The subject's newest key that works, else a new one; the account is made first.

        Raises:
            Failure: the fabric issues no keys, or the account cannot be made.
            ForbiddenError: the account is suspended.
        """
        self._require_issued()
        account = self._accounts.find(subject)
        if account and account.state is State.ACTIVE:
            try:
                key = self._credentials.current(subject, subject)
            except PrincipalGoneError:
                key = None
            if key is not None:
                return self._spread(key)
        with self._ready(subject) as lease:
            key = self._credentials.current(subject, subject) or self._issue(
                subject, lease, expires=self._end(None)
            )
        return self._spread(key)

    def add(self, subject: str, *, label: str | None = None, expires_days: int | None = None) -> UsableKey:
        """A new key beside the one that the subject may have; the account is made first.

        Raises:
            Failure: the subject has two keys that work, the fabric issues none, or the account cannot be
                made.
            InvalidError: keys of this deployment do not live so long.
            ForbiddenError: the account is suspended.
            OverLimitError: the subject has more at Kafka than allowed; the only key (`current`) is given all
                the same, since it takes one to have less.
        """
        self._require_issued()
        expires = self._end(expires_days)
        self._quotas.require_within(subject)
        with self._ready(subject) as lease:
            key = self._issue(subject, lease, label=label, expires=expires)
        return self._spread(key)

    def rotate(self, subject: str, access_key_id: str, *, overlap: timedelta) -> Rotation:
        """A new key in the place of another, which works for ``overlap`` more.

        Raises:
            NotFoundError: the subject has no such key.
            Failure: it is a session or does not work any more, it has a successor already, there is no room
                for an overlap, or the fabric issues no keys.
            ForbiddenError: the account is suspended.
            OctopusError: the old key is gone and the new one could not be made.
        """
        self._require_issued()
        self._rotatable(subject, access_key_id)
        with self._ready(subject) as lease:
            self._rotatable(subject, access_key_id)
            try:
                rotation = self._credentials.rotate(
                    subject, subject, access_key_id, lease, overlap=overlap, longest=self._rules.longest
                )
            except NoRoomError as full:
                raise Failure(
                    f"{_both(full)}: wait until one ends, delete one, or rotate without overlap"
                    " (overlap_hours 0), which ends the old key at once"
                ) from None
            if rotation is None:
                raise Failure(f"Key {access_key_id} does not work any more: ask for a new one")
        self._instruments.count("KeysIssued")
        return replace(rotation, key=self._spread(rotation.key))

    def revoke(self, subject: str, access_key_id: str) -> bool:
        """One key or session of the subject does not work any more; returns False when it had no such."""
        found = self._credentials.find(subject, access_key_id)
        if found is None:
            return False
        if found.kind is Kind.SESSION:
            self._credentials.end_session(subject, access_key_id)
            return True
        with self._accounts.changing(subject) as lease:
            ours = self._principals.exists(subject)
            causes = {access_key_id: by_its_owner(subject)}
            self._credentials.end(subject, subject, causes, lease, keep_in_iam=not ours)
        return True

    def relabel(self, subject: str, access_key_id: str, label: str) -> None:
        """Call a key or session something else.

        Raises:
            NotFoundError: the subject has none of that id.
        """
        self._find(subject, access_key_id)
        if not self._credentials.relabel(subject, access_key_id, label):
            raise _not_found(subject, access_key_id)

    def recorded(self, subject: str) -> list[StoredKey]:
        """The subject's recorded keys and sessions, newest first."""
        return self._credentials.recorded(subject)

    def listed(self, subject: str) -> list[ListedKey]:
        """The subject's recorded keys and sessions, newest first, each with its last use."""
        return self._credentials.listed(subject)

    def tend(self, subject: str, *, unused_after: timedelta | None) -> None:
        """Bring the subject's keys in line with the clock and with IAM.

        Keys end that are past their end, that nobody used, or that somebody deleted in IAM; what somebody
        deactivated in IAM is inactive, and active again when IAM says so; ended sessions are cleared away.
        A key that lasts longer than the deployment lets any ends as if it had been made now. Keys that end
        soon are told to their owner.
        The keys of an account that is not active, such as a suspended one, are left as they are.

        Args:
            unused_after: time without use after which a key ends; None for never.
        """
        findings = self._findings(subject, unused_after)
        self._credentials.warn(findings)
        if not findings:
            return
        with self._accounts.changing(subject) as lease:
            if self._principals.is_foreign(subject):
                return
            findings = self._findings(subject, unused_after)
            absent = not self._principals.exists(subject)
            self._credentials.act(subject, subject, findings, lease, keep_in_iam=absent)

    def delete_all(self, subject: str) -> None:
        """No key and no session of the subject works any more."""
        with self._accounts.changing(subject) as lease:
            ours = self._principals.exists(subject)
            self._credentials.delete_all(
                subject, subject, lease, cause=by_its_owner(subject), keep_in_iam=not ours
            )

    def _require_issued(self) -> None:
        if not self._rules.issued:
            raise Failure(SESSIONS_ONLY)

    def _end(self, days: int | None) -> str | None:
        """When a key that is made now ends, if ever: after so many days, or the longest life there is."""
        longest = self._rules.longest
        life = timedelta(days=days) if days else longest
        if life is None:
            return None
        if longest is not None and life > longest:
            raise InvalidError(f"expires_days: 1 to {longest.days} in this deployment, received {life.days}")
        return (datetime.now(UTC) + life).isoformat(timespec="seconds")

    def _spread(self, key: UsableKey) -> UsableKey:
        """The key, once it can be used or nobody waits for that any longer; held by no turn."""
        # Of one that another request has just made, too.
        if not self._rules.spread or is_old(key):
            return key
        return replace(key, usable_after=usable_after(key))

    def _findings(self, subject: str, unused_after: timedelta | None) -> Findings:
        account = self._accounts.find(subject)
        if account is None or account.state is not State.ACTIVE:
            return Findings()
        return self._credentials.look(
            subject,
            subject,
            active_since=account.since,
            unused_after=unused_after,
            longest=self._rules.longest,
        )

    def _issue(
        self, subject: str, lease: Lease, *, label: str | None = None, expires: str | None = None
    ) -> UsableKey:
        try:
            key = self._credentials.issue(subject, subject, lease, label=label, expires=expires)
        except NoRoomError as full:
            raise Failure(f"{_both(full)}: delete one, or rotate one to put a new key in its place") from None
        self._instruments.count("KeysIssued")
        return key

    def _find(self, subject: str, access_key_id: str) -> StoredKey:
        found = self._credentials.find(subject, access_key_id)
        if found is None:
            raise _not_found(subject, access_key_id)
        return found

    def _rotatable(self, subject: str, access_key_id: str) -> None:
        found = self._find(subject, access_key_id)
        if found.kind is Kind.SESSION:
            raise Failure(f"{access_key_id} is a session: it ends by itself, open another one instead")
        if found.successor is not None and self._credentials.find(subject, found.successor) is not None:
            raise Failure(
                f"Key {access_key_id} was rotated already: {found.successor} took its place, and it works"
                f" until {found.expires}"
            )

    @contextmanager
    def _ready(self, subject: str) -> Iterator[Lease]:
        with ready(self._accounts, subject) as lease:
            try:
                yield lease
            except PrincipalGoneError:
                raise UnavailableError("IAM does not know the new user yet: try again") from None


@contextmanager
def ready(accounts: Accounts, subject: str) -> Iterator[Lease]:
    """`Accounts.ready`, its failures in the words that published clients know from asking for a key."""
    with ExitStack() as held:
        try:
            lease = held.enter_context(accounts.ready(subject))
        except Failure as failure:
            raise Failure(f"Failed to create user: {failure.message}") from failure
        yield lease


def _not_found(subject: str, access_key_id: str) -> NotFoundError:
    return NotFoundError(f"Key {access_key_id} not found for {subject}")


def _both(full: NoRoomError) -> str:
    return f"A user may have {MOST_KEYS} keys, and {' and '.join(map(_told, full.keys))} work"


def _told(key: StoredKey) -> str:
    about = [f"label {key.label!r}" if key.label else "no label"]
    if key.expires is not None:
        about.append(f"ends {key.expires}")
    return f"{key.access_key_id} ({', '.join(about)})"

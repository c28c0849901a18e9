"""What the judge knows and from where: keys, their secrets, and principals' rights."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import structlog
from cachetools import LRUCache

from octopus.iam.models import Document
from octopus.judge.account import Account
from octopus.judge.errors import SourceUnavailableError
from octopus.judge.principals import EffectivePolicies, UserPolicies, effective
from octopus.judge.readings import MOST_HELD, Lifetime, Reading, Readings
from octopus.judge.rights import Limits, PrincipalId, Rights, session_limits, weigh
from octopus.judge.secrets import DerivedKey, DerivedKeyId, StoredSecrets
from octopus.judge.store import CredentialsTable, KeyRecord, Look, VersionRecord
from octopus.metrics.instruments import Instruments

OLDEST = 45.0
"""Seconds: nothing older is served. The plugin denies at 50, and asks every second."""
_NEVER = float("inf")
_OF_THE_FABRIC = Lifetime(fresh=OLDEST, renew=_NEVER, idle=90, confirmable=True)
"""Rows that never change without an entry in the change log."""
_OF_IAM = Lifetime(fresh=OLDEST, renew=30, idle=90)
"""Users are read again by themselves only when the listings do not hold them."""
_UNSETTLED = Lifetime(fresh=OLDEST, renew=1, idle=90)
_UNKNOWN = Lifetime(fresh=1, renew=_NEVER, idle=1)
_OPENED = Lifetime(fresh=86_400, renew=_NEVER, idle=3_600)
"""What KMS decrypted: it belongs to a ciphertext, which is a part of its key here. Only keys that were issued
get so far, but one owner can have thousands, and must not keep newcomers out with them."""

_log = structlog.get_logger(__name__)

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True)
class _Listing:
    users: Mapping[str, UserPolicies]
    """By name."""
    began: float


class Sources:
    """The judge's sources behind one set of ages. All methods belong to one event loop."""

    def __init__(
        self,
        *,
        table: CredentialsTable,
        account: Account,
        secrets: StoredSecrets,
        executor: Executor,
        iam_executor: Executor,
        instruments: Instruments,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._table = table
        self._account = account
        self._executor = executor
        self._clock = clock
        self._monotonic = monotonic
        self._listing: _Listing | None = None
        self._look: Look | None = None
        self._changed: dict[str, float] = {}
        """When a change of a subject was last heard of."""
        self._rights: dict[PrincipalId, Rights] = {}
        self._unsettled: dict[PrincipalId, float] = {}
        """Since when IAM has been seen to show something else than was written."""
        self._session_limits: LRUCache[str, tuple[Rights, Document | None, Limits]] = LRUCache(MOST_HELD)

        def away() -> None:
            instruments.count("SourcesAway")

        self.keys: Readings[str, KeyRecord | None] = Readings(
            "access keys",
            lambda access_key_id, _: table.key(access_key_id),
            lifetime=lambda _, record: _OF_THE_FABRIC if record is not None else _UNKNOWN,
            executor=executor,
            failed=away,
            clock=monotonic,
        )
        self.signing_keys: Readings[DerivedKeyId, DerivedKey | None] = Readings(
            "signing keys",
            lambda key, _: secrets.derive(key),
            lifetime=lambda _, key: _OPENED if key is not None else _UNKNOWN,
            executor=executor,
            evicts=True,
            failed=away,
            clock=monotonic,
        )
        self.session_policies: Readings[KeyRecord, Document | None] = Readings(
            "session policies",
            lambda record, _: secrets.session_policy(record),
            lifetime=lambda _, document: _OPENED if document is not None else _UNKNOWN,
            executor=executor,
            evicts=True,
            failed=away,
            clock=monotonic,
        )
        self._versions: Readings[str, VersionRecord | None] = Readings(
            "versions",
            lambda subject, _: table.version(subject),
            lifetime=lambda _subject, _record: _OF_THE_FABRIC,
            executor=executor,
            failed=away,
            clock=monotonic,
        )
        self._users: Readings[PrincipalId, EffectivePolicies] = Readings(
            "policies",
            lambda principal, previous: _effective(account.user(principal.user_name), previous),
            lifetime=lambda principal, _: _UNSETTLED if principal in self._unsettled else _OF_IAM,
            executor=iam_executor,
            failed=away,
            clock=monotonic,
        )

    def rights(self, principal: PrincipalId) -> Reading[Rights] | None:
        """What a principal may do by what is held, and since when that holds; None when it must be read.

        While IAM does not show what was written, what is held may be what was withdrawn: it is as old as that
        difference, however young the readings are.

        Raises:
            SourceUnavailableError: IAM does not show yet what was written, and what was before is unknown or
                too old.
        """
        written = self._versions.held(principal.subject)
        found = self._users.held(principal)
        if written is None or found is None:
            return None
        began = min(written.began, found.began)
        rights = self._rights.get(principal)
        if rights is not None and rights.is_of(written.value, found.value):
            return Reading(rights, began)
        now = datetime.fromtimestamp(self._clock(), UTC)
        since = self._unsettled.setdefault(principal, self._monotonic())
        rights = weigh(written=written.value, found=found.value, previous=rights, now=now)
        self._rights[principal] = rights
        if rights.certain:
            del self._unsettled[principal]
            return Reading(rights, began)
        if self._monotonic() > since + OLDEST:
            raise SourceUnavailableError("IAM still does not show the policy that was last written")
        return Reading(rights, min(began, since))

    @property
    def principals_held(self) -> int:
        """How many principals' rights are held; any thread may ask."""
        return len(self._rights)

    async def read_rights(self, principal: PrincipalId) -> None:
        """Have what :meth:`rights` needs.

        Raises:
            SourceUnavailableError: it cannot be read.
        """
        await self._versions.get(principal.subject)
        if self._users.held(principal) is None:
            self._take_from_listing(principal)
        await self._users.get(principal)

    def session_limits(self, record: KeyRecord, owner: Rights, own: Document | None) -> Limits:
        """What a session may do, made once for the same readings."""
        made = self._session_limits.get(record.access_key_id)
        if made is None or made[0] is not owner or made[1] is not own:
            made = owner, own, session_limits(owner, own)
            self._session_limits[record.access_key_id] = made
        return made[2]

    def follow(self, look: Look) -> None:
        """Use nothing any more that a change concerns, and trust the fabric's own rows up to this look."""
        if look.changed:
            self._changed.update(dict.fromkeys(look.changed, self._monotonic()))
            self.keys.expire(lambda _, record: record is None or record.subject in look.changed)
            self._versions.expire(lambda subject, _: subject in look.changed)
            self._users.expire(lambda principal, _: principal.subject in look.changed)
        self._look = look
        self.keys.confirm(look.since, look.began)
        self._versions.confirm(look.since, look.began)

    def renew(self) -> None:
        """Read ahead, and forget what is not in use."""
        for readings in (self.keys, self.signing_keys, self.session_policies, self._versions, self._users):
            readings.renew()
        for principal in [principal for principal in self._rights if principal not in self._users]:
            del self._rights[principal]
        for principal in [principal for principal in self._unsettled if principal not in self._users]:
            del self._unsettled[principal]

    async def list_users(self) -> None:
        """Read the account once, for everybody at once.

        Raises:
            SourceUnavailableError: IAM cannot be read.
        """
        held = self._users.in_use()
        began = self._monotonic()
        # On a thread of its own: it does at once what all the single readings in a queue would do.
        users, found = await asyncio.to_thread(self._list, held)
        self._listing = _Listing(users, began)
        self._changed = {subject: heard for subject, heard in self._changed.items() if heard >= began}
        _offer(self._users, found, began)

    async def read_rows(self) -> None:
        """Read the fabric's own rows that are in use, whatever the change log says.

        Raises:
            SourceUnavailableError: the table cannot be read.
        """
        ids = [access_key_id for access_key_id, record in self.keys.in_use().items() if record is not None]
        subjects = list(self._versions.in_use())
        began = self._monotonic()
        run = asyncio.get_running_loop().run_in_executor
        _offer(self.keys, await run(self._executor, self._table.keys, ids), began)
        _offer(self._versions, await run(self._executor, self._table.versions, subjects), began)

    def _list(
        self, held: Mapping[PrincipalId, EffectivePolicies]
    ) -> tuple[dict[str, UserPolicies], dict[PrincipalId, EffectivePolicies]]:
        users = self._account.users({principal.user_name for principal in held})
        found = {}
        for principal, policies in held.items():
            if principal.user_name not in users:
                continue
            try:
                found[principal] = _effective(users[principal.user_name], policies)
            except Exception:  # noqa: BLE001 - nobody else's trouble: this one is read again by itself
                _log.exception("policies.not_understood", principal=principal.subject)
        return users, found

    def _take_from_listing(self, principal: PrincipalId) -> None:
        """The last listing will do for a user of whom nothing was heard since."""
        listing, look = self._listing, self._look
        if listing is None or look is None or listing.began < look.since:
            return
        user = listing.users.get(principal.user_name)
        if user is not None and principal.subject not in self._changed:
            self._users.offer(principal, effective(user), listing.began)


def _effective(user: UserPolicies | None, previous: EffectivePolicies | None) -> EffectivePolicies:
    """The rules of a user; those of before when nothing has changed, since making them is what takes time."""
    if previous is not None and previous.user == user:
        return previous
    return effective(user)


def _offer(readings: Readings[K, V], found: Mapping[K, V], began: float) -> None:
    for key in readings.in_use().keys() & found.keys():
        readings.offer(key, found[key], began)

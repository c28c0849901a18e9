"""Which long-lived keys a principal has, and when it gets another."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from octopus import aws
from octopus.audit.events import FABRIC
from octopus.audit.notices import Notices, open_notices
from octopus.audit.trail import Trail, open_trail
from octopus.credentials import events
from octopus.credentials.events import WITH_ITS_ACCOUNT, Cause
from octopus.credentials.inspection import Inspection, is_newborn
from octopus.credentials.issuer import CredentialIssuer, IamUserIssuer, NoKeys, PrincipalGoneError
from octopus.credentials.minting import Mint, Replaced
from octopus.credentials.models import (
    MOST_KEYS,
    Kind,
    ListedKey,
    NoRoomError,
    Rotation,
    StoredKey,
    UsableKey,
)
from octopus.credentials.store import NO_POLICY_SHA256, CredentialStore
from octopus.credentials.tending import Findings, look_at
from octopus.credentials.usage import Usage
from octopus.credentials.withdrawal import Withdrawal
from octopus.errors import OctopusError
from octopus.registry.leases import Lease
from octopus.registry.transactions import CUT_SHORT
from octopus.settings import DeployedSettings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef
    from mypy_boto3_kms import KMSClient

__all__ = ["NO_POLICY_SHA256", "Credentials", "PrincipalGoneError"]

_log = structlog.get_logger(__name__)


class Credentials:
    """Keys of principals. Every change wants the principal's lease (`octopus.registry.leases`).

    A key *works* when its record is active and not expired, IAM holds it active, and its secret can be
    decrypted. Whatever else there is makes room for the next key that is issued: keys that do not work, and
    keys that IAM has and no record names. Nobody can say of the latter whether a crash left them or a person
    made them; their secret is not known here, and no judge takes them.
    """

    def __init__(
        self,
        *,
        store: CredentialStore,
        issuer: CredentialIssuer,
        trail: Trail,
        notices: Notices,
        kms: KMSClient,
        kms_key_arn: str,
    ) -> None:
        self._store = store
        self._issuer = issuer
        self._trail = trail
        self._notices = notices
        self._mint = Mint(store=store, issuer=issuer, trail=trail, kms=kms, kms_key_arn=kms_key_arn)
        self._usage = Usage(store=store, issuer=issuer)
        self._withdrawal = Withdrawal(store=store, issuer=issuer, trail=trail)
        self._inspection = Inspection(issuer=issuer, kms=kms, kms_key_arn=kms_key_arn)

    def current(self, subject: str, user_name: str) -> UsableKey | None:
        """The newest key that works, or None.

        Raises:
            PrincipalGoneError: IAM has no such user.
        """
        stored = self._store.keys_of(subject)
        if not stored:
            return None
        in_iam = self._inspection.in_iam(user_name, stored)
        for key, secret in self._inspection.working(stored, in_iam):
            return UsableKey(
                access_key_id=key.access_key_id,
                secret=secret,
                created=key.created,
                fresh=False,
                label=key.label,
                expires=key.expires,
            )
        return None

    def recorded(self, subject: str) -> list[StoredKey]:
        """Every key and session that the fabric holds of a principal, newest first, secrets encrypted."""
        return self._store.all_of(subject)

    def listed(self, subject: str) -> list[ListedKey]:
        """The same, each with its last use."""
        stored = self._store.all_of(subject)
        used = self._usage.last(stored)
        return [ListedKey(stored=key, last_used=used.get(key.access_key_id)) for key in stored]

    def find(self, subject: str, access_key_id: str) -> StoredKey | None:
        """One of the principal's keys or sessions; None when it has none of that id."""
        return self._store.key(subject, access_key_id)

    def relabel(self, subject: str, access_key_id: str, label: str) -> bool:
        """Call a recorded key something else; returns False when it is gone."""
        told = self._trail.items(events.relabelled(subject, access_key_id, label))
        return self._store.set_label(access_key_id, label, *told)

    def issue(
        self,
        subject: str,
        user_name: str,
        lease: Lease,
        *,
        kind: Kind = Kind.IAM_USER,
        label: str | None = None,
        expires: str | None = None,
    ) -> UsableKey:
        """A new key, beside those that work.

        Args:
            label: its owner's name for it.
            expires: ISO-8601, UTC; None for a key that lives until it is deleted.

        Raises:
            NoRoomError: as many keys work as may be.
            PrincipalGoneError: IAM has no such user.
        """
        working = self._make_room(subject, user_name, lease)
        if len(working) >= MOST_KEYS:
            raise NoRoomError(working)
        return self._mint.issue(subject, user_name, lease, kind=kind, label=label, expires=expires)

    def rotate(
        self,
        subject: str,
        user_name: str,
        access_key_id: str,
        lease: Lease,
        *,
        overlap: timedelta,
        longest: timedelta | None = None,
    ) -> Rotation | None:
        """A new key in the place of another, which works for ``overlap`` more; None when it works no more.

        The new one has the other's label and, if that had an end, as long a life.

        Args:
            longest: life of the new one at most; None for no bound.

        Raises:
            NoRoomError: there are two keys, so that only a rotation without overlap is possible.
            OctopusError: the other is gone and no new one could be made.
        """
        working = self._make_room(subject, user_name, lease)
        old = next((key for key in working if key.access_key_id == access_key_id), None)
        if old is None:
            return None
        replaced = dict.fromkeys([access_key_id], events.by_rotation(subject))
        crowded = len(working) >= MOST_KEYS
        if crowded and overlap:
            raise NoRoomError(working)
        life = min((each for each in (_life(old), longest) if each), default=None)
        expires = (datetime.now(UTC) + life).isoformat(timespec="seconds") if life else None
        ends = _earlier(old.expires, datetime.now(UTC) + overlap)
        if crowded:
            self.end(subject, user_name, replaced, lease)
        try:
            key = self._mint.issue(
                subject,
                user_name,
                lease,
                kind=old.kind,
                label=old.label,
                expires=expires,
                # In one step: a process that dies leaves either key, not both.
                replaces=Replaced(old, None if crowded else ends),
            )
        except (PrincipalGoneError, *CUT_SHORT) as error:
            if not crowded:
                raise
            raise OctopusError(
                f"Key {access_key_id} is deleted and no new one was made: ask for one"
            ) from error
        if not overlap and not crowded:
            self.end(subject, user_name, replaced, lease)
        _log.info(
            "key.rotated", subject=subject, access_key_id=access_key_id, by=key.access_key_id, until=ends
        )
        return Rotation(key=key, replaced=access_key_id, replaced_expires=ends if overlap else None)

    def end(
        self,
        subject: str,
        user_name: str,
        causes: Mapping[str, Cause],
        lease: Lease,
        *,
        keep_in_iam: bool = False,
    ) -> None:
        """See `Withdrawal.end`."""
        self._withdrawal.end(subject, user_name, causes, lease, keep_in_iam=keep_in_iam)

    def end_session(self, subject: str, access_key_id: str) -> None:
        """See `Withdrawal.end_session`."""
        self._withdrawal.end_session(subject, access_key_id)

    def delete_all(
        self,
        subject: str,
        user_name: str,
        lease: Lease,
        *,
        cause: Cause = WITH_ITS_ACCOUNT,
        keep_in_iam: bool = False,
    ) -> None:
        """See `Withdrawal.end_all`."""
        self._withdrawal.end_all(subject, user_name, lease, cause=cause, keep_in_iam=keep_in_iam)

    def require_reach(self, subject: str) -> None:
        """See `Withdrawal.require_reach`."""
        self._withdrawal.require_reach(subject)

    def end_unrecorded(self, subject: str, user_name: str, lease: Lease) -> None:
        """See `Withdrawal.end_unrecorded`."""
        self._withdrawal.end_unrecorded(subject, user_name, lease)

    def suspend(self, subject: str, user_name: str, lease: Lease, *, keep_in_iam: bool = False) -> None:
        """See `Withdrawal.suspend`."""
        self._withdrawal.suspend(subject, user_name, lease, keep_in_iam=keep_in_iam)

    def resume(self, subject: str, user_name: str, lease: Lease) -> None:
        """See `Withdrawal.resume`."""
        self._withdrawal.resume(subject, user_name, lease)

    def look(
        self,
        subject: str,
        user_name: str,
        *,
        active_since: str | None,
        unused_after: timedelta | None,
        longest: timedelta | None,
    ) -> Findings:
        """What the clock and IAM say is to be done about the principal's keys; see `tending.look_at`."""
        stored = self._store.all_of(subject)
        keys = [key for key in stored if key.kind is not Kind.SESSION]
        if keys and not self._issuer.reaches_users:
            # They may work still: whoever forgot them now would leave keys behind that nobody can end.
            _log.warning("keys.out_of_reach", subject=subject, keys=[key.access_key_id for key in keys])
            stored, keys = [key for key in stored if key.kind is Kind.SESSION], []
        try:
            in_iam = self._inspection.in_iam(user_name, keys) if keys else {}
        except PrincipalGoneError:
            in_iam = {}
        return look_at(
            stored,
            in_iam,
            active_since=active_since,
            unused_since=self._usage.unused_since,
            unused_after=unused_after,
            longest=longest,
        )

    def act(
        self, subject: str, user_name: str, findings: Findings, lease: Lease, *, keep_in_iam: bool = False
    ) -> None:
        """Do what was found to be done.

        Args:
            keep_in_iam: as for `end`.
        """
        for access_key_id, reason in findings.ended.items():
            _log.info("key.over", subject=subject, access_key_id=access_key_id, reason=reason)
        causes = {id_: Cause(FABRIC, reason) for id_, reason in findings.ended.items()}
        self.end(subject, user_name, causes, lease, keep_in_iam=keep_in_iam)
        told = [events.changed(subject, id_, state) for id_, state in findings.states.items()]
        self._store.set_states(subject, findings.states, lease.check(), *self._trail.items(*told))
        for access_key_id, state in findings.states.items():
            _log.info("key.state", subject=subject, access_key_id=access_key_id, state=state.value)
        told = [events.bounded(subject, id_, ends=end) for id_, end in findings.bounded.items()]
        self._store.set_ends(subject, findings.bounded, lease.check(), *self._trail.items(*told))
        for access_key_id, end in findings.bounded.items():
            _log.info("key.bounded", subject=subject, access_key_id=access_key_id, expires=end)
        self._store.clear_away(subject, findings.over)

    def warn(self, findings: Findings) -> None:
        """Tell the owner of keys whose end is near, of each once."""
        self._notices.give(events.ending(key, ends=end) for key, end in findings.ending)

    def bump_version(self, subject: str, policy_sha256: str, *conditions: TransactWriteItemTypeDef) -> None:
        """Tell the judge that the principal's policy is another one now.

        Raises:
            ConditionFailedError: one of the conditions did not hold; nothing was told.
        """
        self._store.bump_version(subject, policy_sha256, *conditions)

    def policy_sha256(self, subject: str) -> str | None:
        """Hash of the policies that the judge was told of last (`bump_version`); None when of none."""
        return self._store.policy_sha256(subject)

    def change(self, subject: str, policy_sha256: str) -> list[TransactWriteItemTypeDef]:
        """Items that tell the judge, for the transaction that changes the account itself."""
        return self._store.change(subject, policy_sha256)

    def _make_room(self, subject: str, user_name: str, lease: Lease) -> list[StoredKey]:
        """Remove everything that does not work; returns what does, newest first.

        Raises:
            PrincipalGoneError: IAM says so of a user that had a key made a moment ago.
        """
        stored = self._store.keys_of(subject)
        newborn = {key.access_key_id for key in stored if is_newborn(key)}
        try:
            in_iam = self._inspection.in_iam(user_name, stored)
        except PrincipalGoneError:
            if newborn:
                raise  # there was a user a moment ago
            in_iam = {}  # gone, or so new that IAM does not list it yet
        working = [key for key, _ in self._inspection.working(stored, in_iam)]
        # A key just made is not taken back for an answer of IAM that is older than it.
        kept = {key.access_key_id for key in working} | (newborn - in_iam.keys())
        lease.renew()  # whoever has the turn by now may be making one of the keys that no record names
        all_ids = dict.fromkeys([*(key.access_key_id for key in stored), *in_iam])
        dropped = [id_ for id_ in all_ids if id_ not in kept]
        self.end(subject, user_name, dict.fromkeys(dropped, events.IN_THE_WAY), lease)
        return working


def open_credentials(settings: DeployedSettings) -> Credentials:
    """The credentials of one deployment's users."""
    return _open(settings, NoKeys() if settings.credentials == "session" else IamUserIssuer(aws.iam()))


def open_platform_credentials(settings: DeployedSettings) -> Credentials:
    """Those of its processes: keys, whatever its users have."""
    return _open(settings, IamUserIssuer(aws.iam()))


def _open(settings: DeployedSettings, issuer: CredentialIssuer) -> Credentials:
    return Credentials(
        store=CredentialStore(aws.dynamodb(), settings.credentials_table),
        issuer=issuer,
        trail=open_trail(settings),
        notices=open_notices(settings),
        kms=aws.kms(),
        kms_key_arn=settings.credentials_key_arn,
    )


def _life(key: StoredKey) -> timedelta | None:
    end = key.planned_end if key.successor else key.expires
    return datetime.fromisoformat(end) - datetime.fromisoformat(key.created) if end else None


def _earlier(expires: str | None, moment: datetime) -> str:
    if expires is not None and datetime.fromisoformat(expires) < moment:
        return expires
    return moment.isoformat(timespec="seconds")

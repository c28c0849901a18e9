"""Keys taken away: for good, or until their account is resumed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import structlog

from octopus.audit.trail import Trail
from octopus.credentials.events import (
    WHILE_SUSPENDED,
    WITH_A_SUSPENSION,
    WITHOUT_A_RECORD,
    Cause,
    by_its_owner,
    ended,
    session_ended,
)
from octopus.credentials.issuer import CredentialIssuer, PrincipalGoneError
from octopus.credentials.models import KeyState, Kind
from octopus.credentials.store import CredentialStore
from octopus.errors import Failure
from octopus.registry.leases import Lease

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_log = structlog.get_logger(__name__)


class Withdrawal:
    """Takes keys of principals away: first for the fabric, then for IAM."""

    def __init__(self, *, store: CredentialStore, issuer: CredentialIssuer, trail: Trail) -> None:
        self._store = store
        self._issuer = issuer
        self._trail = trail

    def end(
        self,
        subject: str,
        user_name: str,
        causes: Mapping[str, Cause],
        lease: Lease,
        *,
        keep_in_iam: bool = False,
    ) -> None:
        """These long-lived keys do not work any more: first for the fabric, then for IAM.

        Args:
            causes: by access key id.
            keep_in_iam: the user is not there or not the fabric's, so that its keys in IAM are none of ours.

        Raises:
            Failure: the keys are out of reach; nothing was done.
        """
        self._require_reach(subject, causes)
        told = {id_: self._trail.items(ended(subject, id_, cause)) for id_, cause in causes.items()}
        self._store.remove(subject, list(causes), lease.check(), told=told)
        for access_key_id in causes:
            if not keep_in_iam:
                self._issuer.end(user_name, access_key_id)
            _log.info("key.deleted", subject=subject, access_key_id=access_key_id)

    def end_session(self, subject: str, access_key_id: str) -> None:
        """This session does not work any more for the fabric; AWS lets nobody end one."""
        told = self._sessions_ended(subject, [access_key_id], by_its_owner(subject))
        self._store.remove(subject, [access_key_id], told=told)
        _log.info("key.deleted", subject=subject, access_key_id=access_key_id, kind=Kind.SESSION.value)

    def end_all(
        self, subject: str, user_name: str, lease: Lease, *, cause: Cause, keep_in_iam: bool = False
    ) -> None:
        """No key and no session of the principal works any more; keys that no record names go too.

        IAM is asked before anything is changed, so a failure there leaves all as it was.

        Args:
            cause: of each of these ends.
            keep_in_iam: as for `end`.

        Raises:
            Failure: the keys are out of reach; nothing was done.
        """
        stored = self._store.all_of(subject)
        in_iam = {} if keep_in_iam else self._states(user_name)
        sessions = [key.access_key_id for key in stored if key.kind is Kind.SESSION]
        recorded = [key.access_key_id for key in stored if key.kind is not Kind.SESSION]
        self._require_reach(subject, recorded)
        # Keys first: they last longer. In IAM they end last, so that nothing is recorded that is not there.
        told = {id_: self._trail.items(ended(subject, id_, cause)) for id_ in recorded}
        told |= self._sessions_ended(subject, sessions, cause)
        self._store.remove(subject, [*recorded, *sessions], lease.check(), told=told)
        for access_key_id in dict.fromkeys([*recorded, *in_iam]):
            if not keep_in_iam:
                self._issuer.end(user_name, access_key_id)
            _log.info("key.deleted", subject=subject, access_key_id=access_key_id)
        _log_ended_sessions(subject, sessions)

    def end_unrecorded(self, subject: str, user_name: str, lease: Lease) -> None:
        """IAM holds no key that no record names: what a crash left of making one, or of ending one."""
        recorded = {key.access_key_id for key in self._store.keys_of(subject)}
        for access_key_id in self._states(user_name):
            if access_key_id not in recorded:
                lease.renew()
                self._issuer.end(user_name, access_key_id)
                self._trail.record(ended(subject, access_key_id, WITHOUT_A_RECORD))
                _log.info("key.deleted", subject=subject, access_key_id=access_key_id)

    def suspend(self, subject: str, user_name: str, lease: Lease, *, keep_in_iam: bool = False) -> None:
        """No key of the principal works until `resume`, for the fabric and for IAM; its sessions end.

        A key that IAM holds inactive already, though no suspension made it so, stays that after `resume`.

        Args:
            keep_in_iam: as for `end`.

        Raises:
            Failure: the keys are out of reach, and work on in IAM; all else is done.
        """
        stored = self._store.all_of(subject)
        keys = [key for key in stored if key.kind is not Kind.SESSION]
        in_iam = {} if keep_in_iam else self._states(user_name)
        changed = {
            key.access_key_id: KeyState.SUSPENDED
            if in_iam.get(key.access_key_id, True)
            else KeyState.INACTIVE
            for key in keys
            if key.state is not KeyState.SUSPENDED
        }
        self._store.set_states(subject, changed, lease.check())
        for key in [] if keep_in_iam else keys:
            self._issuer.set_active(user_name, key.access_key_id, active=False)
        # Last: they may do no more than their owner, who is denied everything by now.
        sessions = [key.access_key_id for key in stored if key.kind is Kind.SESSION]
        told = self._sessions_ended(subject, sessions, WITH_A_SUSPENSION)
        self._store.remove(subject, sessions, lease.check(), told=told)
        _log_ended_sessions(subject, sessions)
        self._require_reach(subject, [key.access_key_id for key in keys])

    def resume(self, subject: str, user_name: str, lease: Lease) -> None:
        """The keys that `suspend` took away work again; those that have ended meanwhile are forgotten.

        Raises:
            Failure: the keys are out of reach; nothing was done.
        """
        suspended = [key for key in self._store.keys_of(subject) if key.state is KeyState.SUSPENDED]
        there = [
            key.access_key_id
            for key in suspended
            if not key.expired() and self._issuer.set_active(user_name, key.access_key_id, active=True)
        ]
        self._store.set_states(subject, dict.fromkeys(there, KeyState.ACTIVE), lease.check())
        gone = [key.access_key_id for key in suspended if key.access_key_id not in there]
        self.end(subject, user_name, dict.fromkeys(gone, WHILE_SUSPENDED), lease)

    def require_reach(self, subject: str) -> None:
        """What keys the principal has can be ended.

        Raises:
            Failure: they are of a time when the fabric issued keys, and it reaches nothing of IAM's now.
        """
        if not self._issuer.reaches_users:
            self._require_reach(subject, [key.access_key_id for key in self._store.keys_of(subject)])

    def _require_reach(self, subject: str, access_key_ids: Collection[str]) -> None:
        if access_key_ids and not self._issuer.reaches_users:
            raise Failure(
                f"Key(s) {', '.join(access_key_ids)} of IAM user {subject} go on working: they were made with"
                " credentials=iam-user, and with credentials=session the fabric cannot end them. Its operator"
                " has to deploy it with credentials=iam-user again"
            )

    def _sessions_ended(
        self, subject: str, access_key_ids: Sequence[str], cause: Cause
    ) -> dict[str, list[TransactWriteItemTypeDef]]:
        return {id_: self._trail.items(session_ended(subject, id_, cause)) for id_ in access_key_ids}

    def _states(self, user_name: str) -> dict[str, bool]:
        try:
            return self._issuer.states(user_name)
        except PrincipalGoneError:
            return {}


def _log_ended_sessions(subject: str, access_key_ids: Sequence[str]) -> None:
    for access_key_id in access_key_ids:
        _log.info("key.deleted", subject=subject, access_key_id=access_key_id, kind=Kind.SESSION.value)

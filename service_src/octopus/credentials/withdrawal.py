"""Keys taken away: for good, or until their account is resumed."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from octopus.credentials.issuer import CredentialIssuer, PrincipalGoneError
from octopus.credentials.models import KeyState, Kind
from octopus.credentials.store import CredentialStore
from octopus.registry.leases import Lease

_log = structlog.get_logger(__name__)


class Withdrawal:
    """Takes keys of principals away: first for the fabric, then for IAM."""

    def __init__(self, *, store: CredentialStore, issuer: CredentialIssuer) -> None:
        self._store = store
        self._issuer = issuer

    def end(
        self,
        subject: str,
        user_name: str,
        access_key_ids: Sequence[str],
        lease: Lease,
        *,
        keep_in_iam: bool = False,
    ) -> None:
        """These long-lived keys do not work any more: first for the fabric, then for IAM.

        Args:
            keep_in_iam: the user is not there or not the fabric's, so that its keys in IAM are none of ours.
        """
        self._store.remove(subject, access_key_ids, lease.check())
        for access_key_id in access_key_ids:
            if not keep_in_iam:
                self._issuer.end(user_name, access_key_id)
            _log.info("key.deleted", subject=subject, access_key_id=access_key_id)

    def end_session(self, subject: str, access_key_id: str) -> None:
        """This session does not work any more for the fabric; AWS lets nobody end one."""
        self._store.remove(subject, [access_key_id])
        _log.info("key.deleted", subject=subject, access_key_id=access_key_id, kind=Kind.SESSION.value)

    def end_all(self, subject: str, user_name: str, lease: Lease, *, keep_in_iam: bool = False) -> None:
        """No key and no session of the principal works any more; keys that no record names go too.

        IAM is asked before anything is changed, so a failure there leaves all as it was.

        Args:
            keep_in_iam: as for `end`.
        """
        stored = self._store.all_of(subject)
        in_iam = {} if keep_in_iam else self._states(user_name)
        sessions = [key.access_key_id for key in stored if key.kind is Kind.SESSION]
        recorded = [key.access_key_id for key in stored if key.kind is not Kind.SESSION]
        # Keys first: they last longer. In IAM they end last, so that nothing is recorded that is not there.
        self._store.remove(subject, [*recorded, *sessions], lease.check())
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
                _log.info("key.deleted", subject=subject, access_key_id=access_key_id)

    def suspend(self, subject: str, user_name: str, lease: Lease, *, keep_in_iam: bool = False) -> None:
        """No key of the principal works until `resume`, for the fabric and for IAM; its sessions end.

        A key that IAM holds inactive already, though no suspension made it so, stays that after `resume`.

        Args:
            keep_in_iam: as for `end`.
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
        self._store.remove(subject, sessions, lease.check())
        _log_ended_sessions(subject, sessions)

    def resume(self, subject: str, user_name: str, lease: Lease) -> None:
        """The keys that `suspend` took away work again; those that have ended meanwhile are forgotten."""
        suspended = [key for key in self._store.keys_of(subject) if key.state is KeyState.SUSPENDED]
        there = [
            key.access_key_id
            for key in suspended
            if not key.expired() and self._issuer.set_active(user_name, key.access_key_id, active=True)
        ]
        self._store.set_states(subject, dict.fromkeys(there, KeyState.ACTIVE), lease.check())
        ended = [key.access_key_id for key in suspended if key.access_key_id not in there]
        self.end(subject, user_name, ended, lease)

    def _states(self, user_name: str) -> dict[str, bool]:
        try:
            return self._issuer.states(user_name)
        except PrincipalGoneError:
            return {}


def _log_ended_sessions(subject: str, access_key_ids: Sequence[str]) -> None:
    for access_key_id in access_key_ids:
        _log.info("key.deleted", subject=subject, access_key_id=access_key_id, kind=Kind.SESSION.value)

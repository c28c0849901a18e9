"""Which key a principal has, and when it gets a new one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from botocore.exceptions import BotoCoreError, ClientError
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from octopus import aws
from octopus.credentials.issuer import CredentialIssuer, IamUserIssuer, IssuedKey, PrincipalGoneError
from octopus.credentials.models import Kind, StoredKey, UsableKey
from octopus.credentials.secrets import UnreadableSecretError, decrypt, encrypt
from octopus.credentials.store import NO_POLICY_SHA256, CredentialStore
from octopus.registry.leases import Lease, Leases
from octopus.settings import DeployedSettings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef
    from mypy_boto3_kms import KMSClient

__all__ = ["NO_POLICY_SHA256", "Credentials", "PrincipalGoneError", "issue_platform_key"]

_SETTLES = timedelta(seconds=30)
"""Age from which a key that IAM does not list is believed to be gone (IAM is eventually consistent)."""
_ASKED_AGAIN_S = 3.0
_FIRST_PLATFORM_TURN_S = 20.0

_log = structlog.get_logger(__name__)


class Credentials:
    """Keys of principals. Every change wants the principal's lease (`octopus.registry.leases`)."""

    def __init__(
        self, *, store: CredentialStore, issuer: CredentialIssuer, kms: KMSClient, kms_key_arn: str
    ) -> None:
        self._store = store
        self._issuer = issuer
        self._kms = kms
        self._kms_key_arn = kms_key_arn

    def current(self, subject: str, user_name: str) -> UsableKey | None:
        """The newest recorded key that IAM holds active and that can still be decrypted, or None.

        Raises:
            PrincipalGoneError: IAM has no such user.
        """
        stored = self._store.keys_of(subject)
        if not stored:
            return None
        states = self._states(user_name, stored)
        for key in stored:
            if not (key.active and states.get(key.access_key_id) and not _expired(key)):
                continue
            try:
                secret = decrypt(
                    self._kms,
                    self._kms_key_arn,
                    subject=subject,
                    access_key_id=key.access_key_id,
                    ciphertext=key.secret,
                )
            except UnreadableSecretError:
                _log.warning("key.unreadable", subject=subject, access_key_id=key.access_key_id)
                continue
            return UsableKey(key.access_key_id, secret, key.created, fresh=False)
        return None

    def recorded(self, subject: str) -> list[StoredKey]:
        """Every key that the fabric holds of a principal, newest first, its secret still encrypted."""
        return self._store.keys_of(subject)

    def issue(self, subject: str, user_name: str, lease: Lease, *, kind: Kind = Kind.IAM_USER) -> UsableKey:
        """A new key, when `current` has found none: everything unusable makes room for it.

        Raises:
            PrincipalGoneError: IAM has no such user.
        """
        recorded = [key.access_key_id for key in self._store.keys_of(subject)]
        in_iam = self._in_iam(user_name)
        self._store.remove(subject, recorded, lease.check())
        for access_key_id in {*in_iam, *recorded}:
            self._issuer.end(user_name, access_key_id)
            _log.info("key.deleted", subject=subject, access_key_id=access_key_id)
        key = self._issuer.issue(user_name)
        try:
            self._record(key, subject, user_name, kind, lease)
        except BaseException:
            # Its secret is lost with this call, so nobody could ever use it.
            self._take_back(user_name, key)
            raise
        _log.info("key.issued", subject=subject, access_key_id=key.access_key_id, kind=kind.value)
        return UsableKey(key.access_key_id, key.secret, key.created, fresh=True)

    def delete_all(self, subject: str, user_name: str, lease: Lease, *, keep_in_iam: bool = False) -> None:
        """No key of the principal works any more: first for the fabric, then for IAM.

        IAM is asked before anything is changed, so a failure there leaves all as it was.

        Args:
            keep_in_iam: the user is not the fabric's, so that its keys in IAM are none of ours.
        """
        stored = self._store.keys_of(subject)
        in_iam = [] if keep_in_iam else self._in_iam(user_name)
        recorded = [key.access_key_id for key in stored]
        self._store.remove(subject, recorded, lease.check())
        for access_key_id in {*in_iam, *recorded}:
            if not keep_in_iam:
                self._issuer.end(user_name, access_key_id)
            _log.info("key.deleted", subject=subject, access_key_id=access_key_id)

    def bump_version(self, subject: str, policy_sha256: str) -> None:
        """Tell the judge that the principal's policy is another one now."""
        self._store.bump_version(subject, policy_sha256)

    def change(self, subject: str, policy_sha256: str) -> list[TransactWriteItemTypeDef]:
        """Items that tell the judge, for the transaction that changes the account itself."""
        return self._store.change(subject, policy_sha256)

    def _in_iam(self, user_name: str) -> list[str]:
        try:
            return list(self._issuer.states(user_name))
        except PrincipalGoneError:
            return []  # gone, or so new that IAM does not list it yet

    def _states(self, user_name: str, stored: Sequence[StoredKey]) -> dict[str, bool]:
        newborn = {key.access_key_id for key in stored if _age(key) < _SETTLES}
        attempts = Retrying(
            retry=retry_if_result(lambda states: bool(newborn - states.keys())),
            wait=wait_fixed(0.5),
            stop=stop_after_delay(_ASKED_AGAIN_S),
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )
        return attempts(self._issuer.states, user_name)

    def _record(self, key: IssuedKey, subject: str, user_name: str, kind: Kind, lease: Lease) -> None:
        ciphertext = encrypt(
            self._kms,
            self._kms_key_arn,
            subject=subject,
            access_key_id=key.access_key_id,
            secret=key.secret,
        )
        stored = StoredKey(
            access_key_id=key.access_key_id,
            subject=subject,
            user_name=user_name,
            kind=kind,
            active=True,
            secret=ciphertext,
            created=key.created,
        )
        self._store.add(stored, lease.check())

    def _take_back(self, user_name: str, key: IssuedKey) -> None:
        try:
            self._issuer.end(user_name, key.access_key_id)
        except (BotoCoreError, ClientError) as error:
            # The next issue removes it: it is in IAM and not in the table.
            _log.warning("key.left", access_key_id=key.access_key_id, reason=type(error).__name__)


def issue_platform_key(
    *, principal: str, user_name: str, settings: DeployedSettings | None = None
) -> tuple[str, str]:
    """The key of a platform process: access key id and secret; the recorded one while it works.

    Args:
        principal: name in Kafka and in the registry, such as ``service``.
        user_name: IAM user that the stacks made for it.
        settings: of the deployment; from the environment when None.

    Raises:
        PrincipalGoneError: IAM has no such user.
        UnavailableError: another process issues a key for it just now.
    """
    deployed = settings or DeployedSettings()  # from the environment
    credentials = open_credentials(deployed)
    leases = Leases(aws.dynamodb(), deployed.registry_table)
    with leases.hold(f"principal {principal}", patience_s=_FIRST_PLATFORM_TURN_S) as lease:
        key = credentials.current(principal, user_name) or credentials.issue(
            principal, user_name, lease, kind=Kind.PLATFORM
        )
    return key.access_key_id, key.secret


def open_credentials(settings: DeployedSettings) -> Credentials:
    """The credentials of one deployment."""
    return Credentials(
        store=CredentialStore(aws.dynamodb(), settings.credentials_table),
        issuer=IamUserIssuer(aws.iam()),
        kms=aws.kms(),
        kms_key_arn=settings.credentials_key_arn,
    )


def _age(key: StoredKey) -> timedelta:
    return datetime.now(UTC) - datetime.fromisoformat(key.created)


def _expired(key: StoredKey) -> bool:
    return key.expires is not None and datetime.fromisoformat(key.expires) <= datetime.now(UTC)

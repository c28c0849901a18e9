"""New long-lived keys, from IAM into the table."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog
from botocore.exceptions import BotoCoreError, ClientError

from octopus.credentials.issuer import CredentialIssuer, IssuedKey
from octopus.credentials.models import Kind, StoredKey, UsableKey
from octopus.credentials.secrets import encrypt
from octopus.credentials.store import CredentialStore
from octopus.registry.leases import Lease

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

_log = structlog.get_logger(__name__)


class Mint:
    """Has keys made and records them; what cannot be recorded is taken back."""

    def __init__(
        self, *, store: CredentialStore, issuer: CredentialIssuer, kms: KMSClient, kms_key_arn: str
    ) -> None:
        self._store = store
        self._issuer = issuer
        self._kms = kms
        self._kms_key_arn = kms_key_arn

    def issue(
        self,
        subject: str,
        user_name: str,
        lease: Lease,
        *,
        kind: Kind,
        label: str | None,
        expires: str | None,
        replaces: tuple[StoredKey, str] | None = None,
    ) -> UsableKey:
        """A new key, on record.

        Args:
            replaces: its predecessor, and when that one ends (ISO-8601, UTC).

        Raises:
            PrincipalGoneError: IAM has no such user.
            ConditionFailedError: the turn was lost; the key is taken back.
        """
        issued = self._issuer.issue(user_name)
        created = datetime.now(UTC).isoformat(timespec="milliseconds")
        try:
            ciphertext = encrypt(
                self._kms,
                self._kms_key_arn,
                subject=subject,
                access_key_id=issued.access_key_id,
                secret=issued.secret,
            )
            stored = StoredKey(
                access_key_id=issued.access_key_id,
                subject=subject,
                user_name=user_name,
                kind=kind,
                secret=ciphertext,
                created=created,
                label=label,
                expires=expires,
            )
            ending = [self._store.succeeded(*replaces, by=issued.access_key_id)] if replaces else []
            self._store.add(stored, lease.check(), *ending)
        except BaseException:
            # Its secret is lost with this call, so nobody could ever use it.
            self._take_back(user_name, issued)
            raise
        _log.info("key.issued", subject=subject, access_key_id=issued.access_key_id, kind=kind.value)
        return UsableKey(
            access_key_id=issued.access_key_id,
            secret=issued.secret,
            created=created,
            fresh=True,
            label=label,
            expires=expires,
        )

    def _take_back(self, user_name: str, key: IssuedKey) -> None:
        try:
            self._issuer.end(user_name, key.access_key_id)
        except (BotoCoreError, ClientError) as error:
            # The next issue removes it: it is in IAM and not in the table.
            _log.warning("key.left", access_key_id=key.access_key_id, reason=type(error).__name__)

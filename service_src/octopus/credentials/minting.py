"""New long-lived keys, from IAM into the table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog
from botocore.exceptions import BotoCoreError, ClientError

from octopus.audit.trail import Trail
from octopus.credentials import events
from octopus.credentials.issuer import CredentialIssuer, IssuedKey
from octopus.credentials.models import Kind, StoredKey, UsableKey
from octopus.credentials.secrets import encrypt
from octopus.credentials.store import CredentialStore
from octopus.registry.leases import Lease

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef
    from mypy_boto3_kms import KMSClient

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Replaced:
    """A key in whose place a new one is made."""

    key: StoredKey
    until: str | None
    """When it ends: ISO-8601, UTC; None when it is gone already."""


class Mint:
    """Has keys made and records them; what cannot be recorded is taken back."""

    def __init__(
        self,
        *,
        store: CredentialStore,
        issuer: CredentialIssuer,
        trail: Trail,
        kms: KMSClient,
        kms_key_arn: str,
    ) -> None:
        self._store = store
        self._issuer = issuer
        self._trail = trail
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
        replaces: Replaced | None = None,
    ) -> UsableKey:
        """A new key, on record.

        Args:
            replaces: its predecessor.

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
            self._store.add(
                stored, lease.check(), *self._succession(stored, replaces), *self._told(stored, replaces)
            )
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

    def _succession(self, key: StoredKey, replaces: Replaced | None) -> list[TransactWriteItemTypeDef]:
        if replaces is None or replaces.until is None:
            return []
        return [self._store.succeeded(replaces.key, replaces.until, by=key.access_key_id)]

    def _told(self, key: StoredKey, replaces: Replaced | None) -> list[TransactWriteItemTypeDef]:
        told = [events.issued(key)]
        if replaces is not None:
            told.append(events.rotated(key, replaced=replaces.key.access_key_id, until=replaces.until))
        return self._trail.items(*told)

    def _take_back(self, user_name: str, key: IssuedKey) -> None:
        try:
            self._issuer.end(user_name, key.access_key_id)
        except (BotoCoreError, ClientError) as error:
            # The next issue removes it: it is in IAM and not in the table.
            _log.warning("key.left", access_key_id=key.access_key_id, reason=type(error).__name__)

"""What the stored secret of a key opens to. The secret itself is never kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
import structlog
from botocore.exceptions import ClientError

from octopus.iam.document import PolicyDocumentError, parse
from octopus.iam.models import Document
from octopus.judge.errors import SourceUnavailableError, error_code, source
from octopus.judge.signature import signing_key
from octopus.judge.store import KeyRecord

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

_log = structlog.get_logger(__name__)

SESSION = "session"
"""Kind of the keys that come with a token and a policy of their own."""


@dataclass(frozen=True)
class DerivedKeyId:
    """A day's signing key of one access key in one region."""

    record: KeyRecord
    date: str
    region: str


@dataclass(frozen=True)
class DerivedKey:
    """What proves a signature, and a session's token beside it."""

    signing_key: bytes = field(repr=False)
    session_token_sha256: str | None = field(repr=False)
    """Hexadecimal; None for a key that has no session token."""


class _StoredSession(msgspec.Struct):
    secret_access_key: str
    session_token_sha256: str
    policy: dict[str, Any]


class StoredSecrets:
    """Secrets that KMS decrypts with their purpose, owner and key id as encryption context."""

    def __init__(self, kms: KMSClient, key_arn: str) -> None:
        self._kms = kms
        self._key_arn = key_arn

    def derive(self, key: DerivedKeyId) -> DerivedKey | None:
        """The signing key; None when the stored secret is not this key's.

        Raises:
            SourceUnavailableError: KMS cannot be asked, or a session's secret is malformed.
        """
        plaintext = self._decrypt(key.record)
        if plaintext is None:
            return None
        if key.record.kind == SESSION:
            session = _session(plaintext)
            secret, token_sha256 = session.secret_access_key, session.session_token_sha256
        else:
            secret, token_sha256 = plaintext.decode(), None
        return DerivedKey(
            signing_key(secret_access_key=secret, date=key.date, region=key.region), token_sha256
        )

    def session_policy(self, record: KeyRecord) -> Document | None:
        """The policy that a session was issued with; None when it cannot be had: then nothing is allowed.

        Raises:
            SourceUnavailableError: as for :meth:`derive`.
        """
        plaintext = self._decrypt(record)
        if plaintext is None:
            return None
        try:
            return parse(_session(plaintext).policy)
        except PolicyDocumentError as error:
            _log.error("policy.unreadable", access_key_id=record.access_key_id, reason=str(error))
            return None

    def _decrypt(self, record: KeyRecord) -> bytes | None:
        with source("KMS"):
            try:
                return self._kms.decrypt(
                    CiphertextBlob=record.secret,
                    KeyId=self._key_arn,
                    EncryptionContext={
                        "purpose": "octopus-credential",
                        "subject": record.subject,
                        "access_key_id": record.access_key_id,
                    },
                )["Plaintext"]
            except ClientError as error:
                if error_code(error) in ("InvalidCiphertextException", "IncorrectKeyException"):
                    return None
                raise


def _session(plaintext: bytes) -> _StoredSession:
    try:
        return msgspec.json.decode(plaintext, type=_StoredSession)
    except msgspec.MsgspecError:
        # Without the cause: its text may hold a piece of what was decrypted.
        raise SourceUnavailableError("credentials table: a session's secret is malformed") from None

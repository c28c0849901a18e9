"""Which recorded keys work: as IAM and KMS say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from octopus.credentials.issuer import CredentialIssuer
from octopus.credentials.models import KeyState, StoredKey
from octopus.credentials.secrets import UnreadableSecretError, decrypt

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

SETTLES = timedelta(seconds=30)
"""Age from which a key that IAM does not list is believed to be gone (IAM is eventually consistent)."""
_ASKED_AGAIN_S = 3.0

_log = structlog.get_logger(__name__)


class Inspection:
    """Holds records of keys against what they stand for."""

    def __init__(self, *, issuer: CredentialIssuer, kms: KMSClient, kms_key_arn: str) -> None:
        self._issuer = issuer
        self._kms = kms
        self._kms_key_arn = kms_key_arn

    def in_iam(self, user_name: str, stored: Sequence[StoredKey]) -> dict[str, bool]:
        """IAM's keys of a user by access key id, True for active ones; asked again for one just made.

        Raises:
            PrincipalGoneError: IAM has no such user.
        """
        newborn = {key.access_key_id for key in stored if is_newborn(key)}
        attempts = Retrying(
            retry=retry_if_result(lambda states: bool(newborn - states.keys())),
            wait=wait_fixed(0.5),
            stop=stop_after_delay(_ASKED_AGAIN_S),
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )
        return attempts(self._issuer.states, user_name)

    def working(
        self, stored: Sequence[StoredKey], in_iam: Mapping[str, bool]
    ) -> Iterator[tuple[StoredKey, str]]:
        """Those that work, each with its secret: not expired, active on record and in IAM, and readable."""
        for key in stored:
            if key.state is not KeyState.ACTIVE or key.expired() or not in_iam.get(key.access_key_id):
                continue
            try:
                secret = decrypt(
                    self._kms,
                    self._kms_key_arn,
                    subject=key.subject,
                    access_key_id=key.access_key_id,
                    ciphertext=key.secret,
                )
            except UnreadableSecretError:
                _log.warning("key.unreadable", subject=key.subject, access_key_id=key.access_key_id)
                continue
            yield key, secret


def is_newborn(key: StoredKey) -> bool:
    """Whether IAM may not list the key yet."""
    return datetime.now(UTC) - datetime.fromisoformat(key.created) < SETTLES

"""Secrets at rest: encrypted by KMS, bound to their owner and their key by the encryption context."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

PURPOSE = "octopus-credential"


class UnreadableSecretError(Exception):
    """The ciphertext cannot be decrypted any more: it is of another KMS key, or of another owner."""


def encrypt(client: KMSClient, key_arn: str, *, subject: str, access_key_id: str, secret: str) -> bytes:
    """The secret as ciphertext that only this owner's and this key's context opens."""
    reply = client.encrypt(
        KeyId=key_arn, Plaintext=secret.encode(), EncryptionContext=_context(subject, access_key_id)
    )
    return reply["CiphertextBlob"]


def decrypt(client: KMSClient, key_arn: str, *, subject: str, access_key_id: str, ciphertext: bytes) -> str:
    """The secret.

    Raises:
        UnreadableSecretError: no retry will ever open it. (KMS being away raises botocore's own errors.)
    """
    exceptions = client.exceptions
    try:
        reply = client.decrypt(
            KeyId=key_arn,
            CiphertextBlob=ciphertext,
            EncryptionContext=_context(subject, access_key_id),
        )
    except (exceptions.InvalidCiphertextException, exceptions.IncorrectKeyException):
        raise UnreadableSecretError(access_key_id) from None
    return reply["Plaintext"].decode()


def _context(subject: str, access_key_id: str) -> dict[str, str]:
    return {"purpose": PURPOSE, "subject": subject, "access_key_id": access_key_id}

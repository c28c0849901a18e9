"""Who makes long-lived keys: IAM, for its users."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import ClientError

from octopus.aws import until_user_known
from octopus.errors import Failure

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_iam.literals import StatusTypeType


SESSIONS_ONLY = (
    "Failed to create access key: this fabric issues no keys that last. Open a session instead, with"
    " `octopus key session` or POST /api/v3/sessions"
)


class PrincipalGoneError(Exception):
    """The principal that the key belongs to does not exist."""


class UseUnknownError(Exception):
    """Nobody says whether the key was used."""


@dataclass(frozen=True)
class IssuedKey:
    """A key at the only moment when its secret can be had."""

    access_key_id: str
    secret: str = field(repr=False)


class CredentialIssuer(Protocol):
    """Makes, lists and ends keys of a principal."""

    reaches_users: bool
    """Whether it sees the keys of principals at all, so that what it does not list is not there."""

    def issue(self, user_name: str) -> IssuedKey:
        """A new key.

        Raises:
            PrincipalGoneError: the principal does not exist.
            Failure: it has as many keys as it may have.
        """

    def states(self, user_name: str) -> dict[str, bool]:
        """The principal's keys by access key id; True for those that are active.

        Raises:
            PrincipalGoneError: the principal does not exist.
        """

    def set_active(self, user_name: str, access_key_id: str, *, active: bool) -> bool:
        """Let the key work, or not; returns False when there is no such key."""

    def last_used(self, access_key_id: str) -> str | None:
        """When the key last signed a request that AWS itself saw: ISO-8601, UTC; None when never.

        Raises:
            UseUnknownError: AWS does not tell.
        """

    def end(self, user_name: str, access_key_id: str) -> None:
        """The key does not exist any more, whether it did or not."""


class IamUserIssuer:
    """Long-lived access keys of IAM users: what the published SDK can use."""

    reaches_users = True

    def __init__(self, client: IAMClient) -> None:
        self._client = client

    def issue(self, user_name: str) -> IssuedKey:
        """See `CredentialIssuer.issue`."""
        attempts = until_user_known(self._client)
        try:
            key = attempts(self._client.create_access_key, UserName=user_name)["AccessKey"]
        except self._client.exceptions.NoSuchEntityException:
            raise PrincipalGoneError(user_name) from None
        except self._client.exceptions.LimitExceededException as full:
            raise Failure(
                "Failed to create access key: the IAM user has as many as IAM lets it have "
                f"({full.response['Error'].get('Message', '')}); of one just deleted it may not know yet"
            ) from None
        return IssuedKey(key["AccessKeyId"], key["SecretAccessKey"])

    def states(self, user_name: str) -> dict[str, bool]:
        """See `CredentialIssuer.states`."""
        try:
            pages = list(self._client.get_paginator("list_access_keys").paginate(UserName=user_name))
        except self._client.exceptions.NoSuchEntityException:
            raise PrincipalGoneError(user_name) from None
        keys = [key for page in pages for key in page["AccessKeyMetadata"]]
        return {key["AccessKeyId"]: key["Status"] == "Active" for key in keys}

    def set_active(self, user_name: str, access_key_id: str, *, active: bool) -> bool:
        """See `CredentialIssuer.set_active`."""
        status: StatusTypeType = "Active" if active else "Inactive"
        try:
            self._client.update_access_key(UserName=user_name, AccessKeyId=access_key_id, Status=status)
        except self._client.exceptions.NoSuchEntityException:
            return False
        return True

    def last_used(self, access_key_id: str) -> str | None:
        """See `CredentialIssuer.last_used`."""
        try:
            reply = self._client.get_access_key_last_used(AccessKeyId=access_key_id)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "NoSuchEntity":
                return None
            # AWS forbids to ask about a key that is not there any more, rather than saying so.
            if code == "AccessDenied":
                raise UseUnknownError(access_key_id) from None
            raise
        moment = reply["AccessKeyLastUsed"].get("LastUsedDate")
        return moment.isoformat(timespec="seconds") if moment else None

    def end(self, user_name: str, access_key_id: str) -> None:
        """See `CredentialIssuer.end`."""
        try:
            self._client.delete_access_key(UserName=user_name, AccessKeyId=access_key_id)
        except self._client.exceptions.NoSuchEntityException:
            return


class NoKeys(CredentialIssuer):
    """Where users get sessions only: nobody gets a key, and nothing is known of those made before."""

    reaches_users = False

    def issue(self, user_name: str) -> IssuedKey:
        """See `CredentialIssuer.issue`."""
        raise Failure(SESSIONS_ONLY)

    def states(self, user_name: str) -> dict[str, bool]:
        """See `CredentialIssuer.states`."""
        return {}

    def set_active(self, user_name: str, access_key_id: str, *, active: bool) -> bool:
        """See `CredentialIssuer.set_active`."""
        return False

    def last_used(self, access_key_id: str) -> str | None:
        """See `CredentialIssuer.last_used`."""
        return None

    def end(self, user_name: str, access_key_id: str) -> None:
        """See `CredentialIssuer.end`."""

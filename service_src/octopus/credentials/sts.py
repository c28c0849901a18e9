"""Who makes sessions: STS, of the fabric's client role."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from octopus.iam.generate import PolicyTooLargeError, canonical_json

if TYPE_CHECKING:
    from mypy_boto3_sts import STSClient


@dataclass(frozen=True)
class IssuedSession:
    """A session at the only moment when its secrets can be had."""

    access_key_id: str
    secret: str = field(repr=False)
    token: str = field(repr=False)
    expires: datetime


class SessionIssuer:
    """Opens sessions of one role, each narrowed by a policy of its own."""

    def __init__(self, client: STSClient, *, role_arn: str) -> None:
        self._client = client
        self._role_arn = role_arn

    def issue(self, *, name: str, policy: dict[str, Any], duration_s: int) -> IssuedSession:
        """A new session.

        Args:
            name: who it is for; on AWS it stands in the session's ARN, and as the source identity it stays
                with whatever is done by it.
            policy: what the role's rights are narrowed to.
            duration_s: 900 to 3600.

        Raises:
            PolicyTooLargeError: STS cannot pack the policy, though it is within the limit on characters.
        """
        document = canonical_json(policy)
        try:
            reply = self._client.assume_role(
                RoleArn=self._role_arn,
                RoleSessionName=name,
                SourceIdentity=name,
                Policy=document,
                DurationSeconds=duration_s,
            )
        except self._client.exceptions.PackedPolicyTooLargeException:
            raise PolicyTooLargeError(
                f"topics: AWS cannot pack the session's policy of {len(document)} characters: name fewer"
                " topics, or all of a namespace as <namespace>.*"
            ) from None
        made = reply["Credentials"]
        return IssuedSession(
            made["AccessKeyId"],
            made["SecretAccessKey"],
            made["SessionToken"],
            made["Expiration"].astimezone(UTC),
        )

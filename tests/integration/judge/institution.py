"""One institution in the emulator, written to as the web service writes."""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import boto3
from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
from botocore.credentials import CredentialProvider, Credentials

from octopus.credentials.models import KeyState, Kind, StoredKey
from octopus.credentials.secrets import encrypt
from octopus.credentials.store import CredentialStore
from octopus.iam.generate import (
    canonical_json,
    policy_sha256,
    principal_boundary,
    principal_policies,
)
from octopus.iam.holdings import own
from octopus.iam.policy_names import INLINE_POLICY_NAME

CLUSTER_ARN = (
    "arn:aws:kafka:eu-central-1:000000000000:cluster/octopus-test/0f3c4a52-9a11-5c3e-8f0e-6d1f7a1c2b33"
)


@dataclass
class Tenant:
    """An IAM user with one key."""

    subject: str
    access_key_id: str
    secret: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)

    def token(self, region: str = "us-east-1") -> str:
        """A token as AWS's own signer makes it."""
        credentials = Credentials(self.access_key_id, self.secret, self.session_token)

        class Fixed(CredentialProvider):
            def load(self) -> Credentials:
                return credentials

        signed, _ = MSKAuthTokenProvider.generate_auth_token_from_credentials_provider(region, Fixed())
        return str(signed)


class Institution:
    """Table, KMS key and boundary, and the writes that the web service would do."""

    def __init__(self, endpoint: str) -> None:
        def client(name: Any) -> Any:
            return boto3.client(
                name,
                endpoint_url=endpoint,
                region_name="us-east-1",
                aws_access_key_id="test",
                aws_secret_access_key="test",
            )

        name = f"octopus-{uuid.uuid4().hex[:8]}"
        self.endpoint = endpoint
        self.iam, self._dynamodb, self._kms = client("iam"), client("dynamodb"), client("kms")
        self.table = f"{name}-credentials"
        self._dynamodb.create_table(
            TableName=self.table,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
        )
        self.kms_key_arn = self._kms.create_key()["KeyMetadata"]["Arn"]
        self.boundary_arn = self.iam.create_policy(
            PolicyName=f"{name}-principal-boundary",
            PolicyDocument=json.dumps(principal_boundary(cluster_arn=CLUSTER_ARN)),
        )["Policy"]["Arn"]
        self.store = CredentialStore(self._dynamodb, self.table)

    def close(self) -> None:
        """Give the connections back."""
        for client in (self.iam, self._dynamodb, self._kms):
            client.close()

    def tenant(self, namespaces: list[str] | None = None, **key: Any) -> Tenant:
        """A user under a boundary with one inline policy and one key."""
        subject = str(uuid.uuid4())
        self.iam.create_user(UserName=subject, Path="/msk-users/", PermissionsBoundary=self.boundary_arn)
        issued = self.iam.create_access_key(UserName=subject)["AccessKey"]
        tenant = Tenant(subject, issued["AccessKeyId"], issued["SecretAccessKey"])
        names = [f"ns-{subject[-12:]}"] if namespaces is None else namespaces
        self.write_policy(tenant, principal_policies(cluster_arn=CLUSTER_ARN, holdings=own(*names)).inline)
        self.record_key(tenant, **key)
        return tenant

    def write_policy(self, tenant: Tenant, policy: dict[str, Any]) -> None:
        """Put the inline policy and bump the version, as the service does."""
        self.iam.put_user_policy(
            UserName=tenant.subject, PolicyName=INLINE_POLICY_NAME, PolicyDocument=canonical_json(policy)
        )
        self.store.bump_version(tenant.subject, policy_sha256(policy))

    def session(
        self, owner: Tenant, policy: dict[str, Any], *, expires: datetime, state: str = "active"
    ) -> Tenant:
        """A session of a tenant, recorded as the service records it."""
        key_id = f"ASIA{uuid.uuid4().hex[:16].upper()}"
        session = Tenant(owner.subject, key_id, uuid.uuid4().hex, session_token=f"{uuid.uuid4().hex}/+==")
        self.record_session(session, policy, expires=expires, state=state)
        return session

    def record_session(
        self, session: Tenant, policy: dict[str, Any], *, expires: datetime, state: str = "active"
    ) -> None:
        """Write or overwrite a session's item, and the change."""
        assert session.session_token is not None
        secret = {
            "secret_access_key": session.secret,
            "session_token_sha256": hashlib.sha256(session.session_token.encode()).hexdigest(),
            "policy": policy,
        }
        ciphertext = encrypt(
            self._kms,
            self.kms_key_arn,
            subject=session.subject,
            access_key_id=session.access_key_id,
            secret=json.dumps(secret),
        )
        item = {
            "pk": {"S": f"KEY#{session.access_key_id}"},
            "sk": {"S": "KEY"},
            "subject": {"S": session.subject},
            "user_name": {"S": session.subject},
            "kind": {"S": "session"},
            "state": {"S": state},
            "secret": {"B": ciphertext},
            "created": {"S": datetime.now(UTC).isoformat()},
            "expires": {"S": expires.isoformat()},
            "ttl": {"N": str(int(expires.timestamp()) + 3600)},
        }
        self._dynamodb.put_item(TableName=self.table, Item=item)
        self.store.bump_version(session.subject)

    def last_use(self, tenant: Tenant) -> str | None:
        """What the judge wrote down of a key's use."""
        row = {"pk": {"S": f"USE#{tenant.access_key_id}"}, "sk": {"S": "USE"}}
        item = self._dynamodb.get_item(TableName=self.table, Key=row).get("Item")
        return item["last_used"]["S"] if item is not None else None

    def record_key(
        self,
        tenant: Tenant,
        *,
        active: bool = True,
        expires: str | None = None,
        user_name: str | None = None,
        kind: Kind = Kind.IAM_USER,
        encrypted_for: str | None = None,
    ) -> None:
        """Write or overwrite the principal's key item."""
        self.store.add(
            StoredKey(
                access_key_id=tenant.access_key_id,
                subject=tenant.subject,
                user_name=user_name or tenant.subject,
                kind=kind,
                state=KeyState.ACTIVE if active else KeyState.INACTIVE,
                secret=encrypt(
                    self._kms,
                    self.kms_key_arn,
                    subject=encrypted_for or tenant.subject,
                    access_key_id=tenant.access_key_id,
                    secret=tenant.secret,
                ),
                created=datetime.now(UTC).isoformat(),
                expires=expires,
            )
        )

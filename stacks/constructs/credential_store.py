"""Where issued secrets are kept, and the key that encrypts them."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from stacks.constructs.registry import Registry

ENCRYPTION_CONTEXT: Mapping[str, Mapping[str, str]] = {
    "StringEquals": {"kms:EncryptionContext:purpose": "octopus-credential"},
    # Which subject and which key is checked in code; here only that the ciphertext is bound to one.
    "Null": {"kms:EncryptionContext:subject": "false", "kms:EncryptionContext:access_key_id": "false"},
}
"""Conditions without which the key neither encrypts nor decrypts for the platform."""
USES: Mapping[str, Mapping[str, str]] = {
    "ForAllValues:StringLike": {"dynamodb:LeadingKeys": "USE#*"},
    # ForAllValues holds for a request without such keys, too.
    "Null": {"dynamodb:LeadingKeys": "false"},
}
"""Conditions that leave nothing to write but when a key was last used."""


class CredentialStore(Construct):
    """A table of its own, since the judge may read it and nothing else, and a KMS key of its own."""

    def __init__(
        self, scope: Construct, id_: str, *, table_name: str, alias_name: str, removal_policy: RemovalPolicy
    ) -> None:
        super().__init__(scope, id_)
        self.registry = Registry(self, "Credentials", table_name=table_name, removal_policy=removal_policy)
        self.table = self.registry.table
        self.key = kms.Key(
            self,
            "Key",
            alias=alias_name,
            description=f"Encrypts the secrets in {table_name}",
            enable_key_rotation=True,
            removal_policy=removal_policy,
        )

    def grant_issue(self, grantee: iam.IGrantable) -> None:
        """Let ``grantee`` store, return and delete credentials."""
        self.registry.grant_read_write(grantee)
        self._grant_key(grantee, "kms:Decrypt", "kms:Encrypt")

    def grant_verify(self, grantee: iam.IGrantable) -> None:
        """Let ``grantee`` look credentials up, decrypt them and write down when one was used."""
        self.registry.grant_read(grantee)
        # Of a key that is forgotten, no use is written down.
        self.table.grant(grantee, "dynamodb:ConditionCheckItem")
        iam.Grant.add_to_principal(
            grantee=grantee,
            actions=["dynamodb:PutItem"],
            resource_arns=[self.table.table_arn],
            conditions=USES,
        )
        self._grant_key(grantee, "kms:Decrypt")

    def _grant_key(self, grantee: iam.IGrantable, *actions: str) -> None:
        iam.Grant.add_to_principal(
            grantee=grantee,
            actions=list(actions),
            resource_arns=[self.key.key_arn],
            conditions=ENCRYPTION_CONTEXT,
        )

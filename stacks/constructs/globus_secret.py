"""The secret of the fabric's Globus Auth client, which the operator made."""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct


class GlobusSecret(Construct):
    """A reference by name: the value never passes through a template."""

    def __init__(self, scope: Construct, id_: str, *, secret_name: str) -> None:
        super().__init__(scope, id_)
        self.name = secret_name
        self.secret = secretsmanager.Secret.from_secret_name_v2(self, "Secret", secret_name)

    def grant_read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let ``grantee`` read this one secret; the six characters that AWS adds to its ARN are left open."""
        return iam.Grant.add_to_principal(
            grantee=grantee,
            actions=["secretsmanager:GetSecretValue"],
            resource_arns=[f"{self.secret.secret_arn}-??????"],
        )

"""A table of the platform: the registry (who owns which namespace and topic), and the credentials."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from constructs import Construct

READ = ("dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query")
WRITE = ("dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
STATUS: Mapping[str, Mapping[str, str]] = {
    "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "STATUS"},
    # ForAllValues holds for a request without such keys, too.
    "Null": {"dynamodb:LeadingKeys": "false"},
}
"""Conditions that leave nothing to write but how the fabric's parts stand."""


class Registry(Construct):
    """One DynamoDB table, keyed by ``pk`` and ``sk``, billed by request and restorable to any second.

    ``ttl`` only clears rows away: whether one has expired is decided in code.
    """

    def __init__(self, scope: Construct, id_: str, *, table_name: str, removal_policy: RemovalPolicy) -> None:
        super().__init__(scope, id_)
        self.table = dynamodb.Table(
            self,
            "Table",
            table_name=table_name,
            partition_key=dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="sk", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            time_to_live_attribute="ttl",
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=removal_policy != RemovalPolicy.DESTROY,
            removal_policy=removal_policy,
        )

    def grant_read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let ``grantee`` read rows by their key."""
        return self.table.grant(grantee, *READ)

    def grant_read_write(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let ``grantee`` read and change rows, in transactions too."""
        return self.table.grant(grantee, *READ, *WRITE)

    def grant_tell_status(self, grantee: iam.IGrantable) -> None:
        """Let ``grantee`` write how the fabric's parts stand, and no other row."""
        iam.Grant.add_to_principal(
            grantee=grantee,
            actions=["dynamodb:UpdateItem"],
            resource_arns=[self.table.table_arn],
            conditions=STATUS,
        )

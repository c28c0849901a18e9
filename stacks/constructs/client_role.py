"""What the sessions of users are made of."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.constructs.kafka_cluster import KafkaCluster
from stacks.constructs.principal_boundary import USER_NAMES


class ClientRole(Construct):
    """A role with the data plane of one cluster, which one principal may assume on behalf of users.

    A session's own policy narrows it to what its user asked for, and says whose it is in a way that stays
    with it (its source identity). Alone the role reaches every record of the cluster and nothing else in AWS,
    so nobody else is trusted with it.
    """

    def __init__(
        self, scope: Construct, id_: str, *, role_name: str, cluster: KafkaCluster, trusted_arn: str
    ) -> None:
        super().__init__(scope, id_)
        # Users are named by UUIDs, and a session is always somebody's.
        trusted = iam.ArnPrincipal(trusted_arn).with_conditions(
            {"StringLike": {"sts:SourceIdentity": USER_NAMES}}
        )
        self.role = iam.Role(
            self,
            "Role",
            role_name=role_name,
            description="Assumed for users: sessions of their Kafka clients",
            assumed_by=trusted,
            max_session_duration=Duration.hours(1),
        )
        if self.role.assume_role_policy:
            self.role.assume_role_policy.add_statements(
                iam.PolicyStatement(principals=[trusted], actions=["sts:SetSourceIdentity"])
            )
        iam.Policy(self, "Policy", policy_name=role_name, roles=[self.role], statements=cluster.data_plane())
        self.arn = self.role.role_arn

    def grant_assume(self, grantee: iam.IGrantable) -> None:
        """Let ``grantee`` open sessions; it must be the principal that the role trusts."""
        iam.Grant.add_to_principal(
            grantee=grantee, actions=["sts:AssumeRole", "sts:SetSourceIdentity"], resource_arns=[self.arn]
        )

"""What the sessions of users are made of."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.constructs.kafka_cluster import KafkaCluster


class ClientRole(Construct):
    """A role with the data plane of one cluster, which one principal may assume on behalf of users.

    A session's own policy narrows it to what its user asked for. Alone the role reaches every record of the
    cluster and nothing else in AWS, so nobody else is trusted with it.
    """

    def __init__(
        self, scope: Construct, id_: str, *, role_name: str, cluster: KafkaCluster, trusted_arn: str
    ) -> None:
        super().__init__(scope, id_)
        self.role = iam.Role(
            self,
            "Role",
            role_name=role_name,
            description="Assumed for users: sessions of their Kafka clients",
            assumed_by=iam.ArnPrincipal(trusted_arn),
            max_session_duration=Duration.hours(1),
        )
        iam.Policy(self, "Policy", policy_name=role_name, roles=[self.role], statements=cluster.data_plane())
        self.arn = self.role.role_arn

    def grant_assume(self, grantee: iam.IGrantable) -> None:
        """Let ``grantee`` open sessions; it must be the principal that the role trusts."""
        iam.Grant.add_to_principal(grantee=grantee, actions=["sts:AssumeRole"], resource_arns=[self.arn])

"""A serverless cluster of Amazon MSK."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_msk as msk
from constructs import Construct

from stacks.constructs.network import Network


class ServerlessCluster(Construct):
    """Brokers that AWS sizes, configures and encrypts by itself. They take IAM's signatures alone."""

    def __init__(
        self, scope: Construct, id_: str, *, name: str, network: Network, removal_policy: RemovalPolicy
    ) -> None:
        super().__init__(scope, id_)
        cluster = msk.CfnServerlessCluster(
            self,
            "Resource",
            cluster_name=name,
            client_authentication=msk.CfnServerlessCluster.ClientAuthenticationProperty(
                sasl=msk.CfnServerlessCluster.SaslProperty(
                    iam=msk.CfnServerlessCluster.IamProperty(enabled=True)
                )
            ),
            vpc_configs=[
                msk.CfnServerlessCluster.VpcConfigProperty(
                    subnet_ids=[subnet.subnet_id for subnet in network.broker_subnets],
                    security_groups=[network.broker_access.security_group_id],
                )
            ],
        )
        cluster.apply_removal_policy(removal_policy)
        self.arn = cluster.attr_arn

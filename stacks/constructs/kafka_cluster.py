"""A Kafka cluster as IAM sees it: an ARN, and what may be done under it."""

from __future__ import annotations

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

_HEARTBEAT = "octopus.heartbeat"
"""Topic of the platform's, and name of a group that nobody joins."""


class KafkaCluster(Construct):
    """Brokers that are made elsewhere; here is nothing of them.

    Every ARN holds the cluster's own UUID: IAM's ``*`` spans ``/``, so that ``cluster/*/x`` would reach
    further than it reads.
    """

    def __init__(self, scope: Construct, id_: str, *, cluster_name: str, cluster_uuid: str) -> None:
        super().__init__(scope, id_)
        self._identity = f"{cluster_name}/{cluster_uuid}"
        self.arn = self._arn("cluster", self._identity)

    def every(self, kind: str) -> str:
        """Return the ARN pattern of every ``topic``, ``group`` or ``transactional-id`` of this cluster."""
        return self._arn(kind, f"{self._identity}/*")

    def data_plane(self) -> list[iam.PolicyStatement]:
        """Return what clients may do at the most: read and write records of any topic, in any group."""
        return [
            _allow([self.arn], "Connect", "WriteDataIdempotently"),
            _allow(
                [self.every("topic")],
                "DescribeTopic",
                "DescribeTopicDynamicConfiguration",
                "ReadData",
                "WriteData",
            ),
            _allow([self.every("group")], "AlterGroup", "DeleteGroup", "DescribeGroup"),
            _allow([self.every("transactional-id")], "AlterTransactionalId", "DescribeTransactionalId"),
        ]

    def grant_administer(self, grantee: iam.IGrantable) -> None:
        """Let ``grantee`` keep topics, groups and client quotas, and read what is public to serve it.

        It writes to the platform's own topics alone.
        """
        self._grant(
            grantee,
            [self.arn],
            "AlterClusterDynamicConfiguration",
            "Connect",
            "DescribeClusterDynamicConfiguration",
            "WriteDataIdempotently",
        )
        self._grant(
            grantee,
            [self.every("topic")],
            "AlterTopic",
            "AlterTopicDynamicConfiguration",
            "CreateTopic",
            "DeleteTopic",
            "DescribeTopic",
            "DescribeTopicDynamicConfiguration",
            "ReadData",
        )
        self._grant(grantee, [self._arn("topic", f"{self._identity}/octopus.*")], "WriteData")
        self._grant(grantee, [self.every("group")], "DeleteGroup", "DescribeGroup")
        self._grant(grantee, [self.every("transactional-id")], "DescribeTransactionalId")

    def grant_send_heartbeat(self, grantee: iam.IGrantable) -> None:
        """Let ``grantee`` write the heartbeat's events and read them, and see nothing else."""
        topic, group = (self._arn(kind, f"{self._identity}/{_HEARTBEAT}") for kind in ("topic", "group"))
        self._grant(grantee, [self.arn], "Connect")
        self._grant(grantee, [topic], "DescribeTopic", "ReadData", "WriteData")
        # librdkafka looks for the coordinator of a group also where none is joined.
        self._grant(grantee, [group], "DescribeGroup")

    def grant_find_brokers(self, grantee: iam.IGrantable) -> None:
        """Let ``grantee`` ask Amazon MSK where the brokers are."""
        iam.Grant.add_to_principal(
            grantee=grantee, actions=["kafka:GetBootstrapBrokers"], resource_arns=[self.arn]
        )

    def _grant(self, grantee: iam.IGrantable, resource_arns: list[str], *actions: str) -> None:
        iam.Grant.add_to_principal(
            grantee=grantee,
            actions=[f"kafka-cluster:{action}" for action in actions],
            resource_arns=resource_arns,
        )

    def _arn(self, kind: str, name: str) -> str:
        return Stack.of(self).format_arn(
            service="kafka", resource=kind, resource_name=name, arn_format=ArnFormat.SLASH_RESOURCE_NAME
        )


def _allow(resource_arns: list[str], *actions: str) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        actions=[f"kafka-cluster:{action}" for action in actions], resources=resource_arns
    )

"""The brokers: a cluster of Amazon MSK, and what belongs to it."""

from __future__ import annotations

import shlex

from aws_cdk import (
    Annotations,
    Aws,
    CfnOutput,
    CrossStackReferences,
    Duration,
    Environment,
    Fn,
    ReferenceStrength,
    Stack,
)
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks import lifetime
from stacks.constructs.broker_access import PORT
from stacks.constructs.log_bucket import LogBucket
from stacks.constructs.msk_cluster import MskCluster
from stacks.constructs.msk_configuration import MskConfiguration, server_properties
from stacks.constructs.network import Network
from stacks.constructs.serverless_cluster import ServerlessCluster
from stacks.constructs.storage_scaling import StorageScaling
from stacks.settings import Settings

_SDK_REGION = "us-east-1"


class KafkaStack(Stack):
    """One institution's cluster. Protected against termination unless data may be lost."""

    cluster_arn: str
    """As MSK gave it, ``.../<name>/<uuid>``."""
    cluster_uuid: str
    """The end of it, for other stacks: what another stack put out, CloudFormation is not known to split."""
    authorizer_logs: s3.IBucket | None
    """Where brokers write whom they let in, and whom not; serverless ones write it nowhere."""
    connections: ec2.Connections
    """Who reaches the brokers, by default at the port inside the VPC."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: Settings,
        network: Network,
        env: Environment | None = None,
    ) -> None:
        super().__init__(
            scope,
            id_,
            env=env,
            description=f"Octopus {settings.institution}: Kafka brokers of Amazon MSK",
            termination_protection=not settings.allow_data_loss,
        )
        # MSK moves no broker: what would take the network from under them, CloudFormation is to refuse.
        CrossStackReferences.of(self).consume(ReferenceStrength.STRONG)
        self.authorizer_logs = None
        if settings.kafka == "msk-serverless":
            self.cluster_arn = ServerlessCluster(
                self,
                "Serverless",
                name=settings.cluster_name,
                network=network,
                removal_policy=lifetime.of_data(settings),
            ).arn
        else:
            self.cluster_arn = self._cluster(settings, network).arn
        self.connections = ec2.Connections(
            security_groups=[network.broker_access], default_port=ec2.Port.tcp(PORT)
        )
        CfnOutput(self, "ClusterArn", value=self.cluster_arn, description="Kafka cluster")
        CfnOutput(self, "ClusterUuid", value=Fn.select(2, Fn.split("/", self.cluster_arn)))
        self.cluster_uuid = Fn.get_stack_output(self.stack_name, "ClusterUuid")
        can_be_public = settings.kafka != "msk-serverless" and settings.broker_subnets == "public"
        if can_be_public and not settings.msk_public_access:
            self._say_how_to_make_it_public(settings)
        self._warn_of_the_published_sdk(settings)

    def _cluster(self, settings: Settings, network: Network) -> MskCluster:
        kept = lifetime.of_data(settings)
        standard = settings.kafka == "msk-standard"
        authorizer_logs = LogBucket(
            self,
            "AuthorizerLogs",
            bucket_name=f"{settings.named('kafka')}-{Aws.ACCOUNT_ID}-{Aws.REGION}",
            retention=Duration.days(settings.log_retention_days),
            removal_policy=kept,
        )
        authorizer_logs.grant_brokers()
        self.authorizer_logs = authorizer_logs.bucket
        cluster = MskCluster(
            self,
            "Cluster",
            name=settings.cluster_name,
            version=settings.kafka_version,
            broker_type=settings.broker_type,
            broker_count=settings.broker_count,
            network=network,
            storage_gib=settings.broker_storage_gib if standard else None,
            tiered_storage=settings.tiered_storage,
            public_access=settings.msk_public_access if settings.broker_subnets == "public" else None,
            monitoring=settings.kafka_monitoring,
            open_monitoring=settings.open_monitoring,
            configuration=MskConfiguration(
                self,
                "Configuration",
                name=settings.named("kafka"),
                properties=server_properties(
                    settings.kafka,
                    replication_factor=settings.replication_factor,
                    min_insync_replicas=settings.min_insync_replicas,
                    retention_hours=settings.kafka_retention_hours,
                ),
                removal_policy=kept,
            ),
            broker_logs=logs.LogGroup(
                self,
                "BrokerLogs",
                # AWS lets its delivery write to groups of this name by itself, however many there are.
                log_group_name=f"/aws/vendedlogs/{settings.named('kafka')}",
                retention=lifetime.of_logs(settings),
                removal_policy=kept,
            ),
            authorizer_logs=authorizer_logs.bucket,
            removal_policy=kept,
        )
        if settings.broker_storage_most_gib:
            StorageScaling(
                self,
                "StorageScaling",
                cluster_arn=cluster.arn,
                least_gib=settings.broker_storage_gib,
                most_gib=settings.broker_storage_most_gib,
                percent=settings.broker_storage_percent,
            )
        return cluster

    def _say_how_to_make_it_public(self, settings: Settings) -> None:
        """Print the command of this deployment once more, with what the second one adds to it.

        Less would ask for another installation: the settings file and the preset are known to no stack.
        """
        added = {"msk_public_access": "true", "msk_cluster_arn": self.cluster_arn}
        if not settings.kafka_allowed_cidrs:
            added["kafka_allowed_cidrs"] = "NETWORK/BITS"
        given = {name: value for name, value in settings.on_the_line if name not in added}
        words = [shlex.quote(f"{name}={value}") for name, value in given.items()]
        words += [f"{name}={value}" for name, value in added.items()]
        CfnOutput(
            self,
            "PublicAccessCommand",
            value=" -c ".join(["npx cdk deploy --all", *words]),
            description="Makes the brokers public",
        )

    def _warn_of_the_published_sdk(self, settings: Settings) -> None:
        """Say at synth that the published SDK does not reach the brokers, unless the operator knows it."""
        if settings.region == _SDK_REGION:
            return
        name, why = "sdk-region", f"signs for {_SDK_REGION} only, so it is refused by brokers in"
        if settings.region.startswith("us-gov-"):
            name, why = "sdk-partition", "knows no AWS GovCloud, so it does not reach brokers in"
        if name not in settings.acknowledged_warnings:
            Annotations.of(self).add_warning_v2(
                f"octopus:{name}",
                f"The published diaspora-event-sdk {why} {settings.region}; other Kafka clients and HTTPS are"
                f" not concerned. Say that this is known with -c acknowledged_warnings={name}.",
            )

"""A cluster of Amazon MSK with brokers of a size: standard or Express."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_msk as msk
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.constructs.log_bucket import AUTHORIZER
from stacks.constructs.msk_configuration import MskConfiguration
from stacks.constructs.network import Network

_LEVELS = {"default": "DEFAULT", "per-broker": "PER_BROKER"}


class MskCluster(Construct):
    """Brokers that take IAM's signatures over TLS and nothing else, encrypted by a key of their own.

    MSK changes one thing of a cluster at a time: two in one update fail, and are rolled back.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        version: str,
        broker_type: str,
        broker_count: int,
        network: Network,
        storage_gib: int | None,
        tiered_storage: bool,
        public_access: bool | None,
        monitoring: str,
        open_monitoring: bool,
        configuration: MskConfiguration,
        broker_logs: logs.ILogGroup,
        authorizer_logs: s3.IBucket,
        removal_policy: RemovalPolicy,
    ) -> None:
        """Make it.

        Args:
            storage_gib: of a broker; none for Express, which has no storage to size.
            public_access: none where brokers stand in private subnets, and never can have it.
        """
        super().__init__(scope, id_)
        key = kms.Key(
            self,
            "Key",
            alias=f"alias/{name}-kafka",
            description=f"Records on the brokers of {name}",
            enable_key_rotation=True,
            removal_policy=removal_policy,
        )
        cluster = msk.CfnCluster(
            self,
            "Resource",
            cluster_name=name,
            kafka_version=version,
            number_of_broker_nodes=broker_count,
            broker_node_group_info=msk.CfnCluster.BrokerNodeGroupInfoProperty(
                instance_type=broker_type,
                client_subnets=[subnet.subnet_id for subnet in network.broker_subnets],
                security_groups=[network.broker_access.security_group_id],
                storage_info=_storage(storage_gib),
                connectivity_info=_connectivity(public_access),
            ),
            storage_mode="TIERED" if tiered_storage else None,
            configuration_info=msk.CfnCluster.ConfigurationInfoProperty(
                arn=configuration.arn, revision=configuration.revision
            ),
            client_authentication=msk.CfnCluster.ClientAuthenticationProperty(
                sasl=msk.CfnCluster.SaslProperty(iam=msk.CfnCluster.IamProperty(enabled=True)),
                unauthenticated=msk.CfnCluster.UnauthenticatedProperty(enabled=False),
            ),
            encryption_info=msk.CfnCluster.EncryptionInfoProperty(
                encryption_at_rest=msk.CfnCluster.EncryptionAtRestProperty(
                    data_volume_kms_key_id=key.key_arn
                ),
                encryption_in_transit=msk.CfnCluster.EncryptionInTransitProperty(
                    client_broker="TLS", in_cluster=True
                ),
            ),
            enhanced_monitoring=_LEVELS[monitoring],
            open_monitoring=_exporters(open_monitoring),
            logging_info=msk.CfnCluster.LoggingInfoProperty(
                broker_logs=msk.CfnCluster.BrokerLogsProperty(
                    cloud_watch_logs=msk.CfnCluster.CloudWatchLogsProperty(
                        enabled=True, log_group=broker_logs.log_group_name
                    )
                ),
                authorizer_logs=msk.CfnCluster.AuthorizerLogsProperty(
                    s3=msk.CfnCluster.S3Property(
                        enabled=True, bucket=authorizer_logs.bucket_name, prefix=AUTHORIZER
                    )
                ),
            ),
        )
        cluster.apply_removal_policy(removal_policy)
        # Delivery to a bucket is refused until its policy is there.
        if authorizer_logs.policy:
            cluster.node.add_dependency(authorizer_logs.policy)
        self.arn = cluster.attr_arn


def _storage(gib: int | None) -> msk.CfnCluster.StorageInfoProperty | None:
    if gib is None:
        return None
    return msk.CfnCluster.StorageInfoProperty(
        ebs_storage_info=msk.CfnCluster.EBSStorageInfoProperty(volume_size=gib)
    )


# What is off is written out: to leave a property away does not take back what it said.
def _connectivity(public: bool | None) -> msk.CfnCluster.ConnectivityInfoProperty | None:
    if public is None:
        return None
    return msk.CfnCluster.ConnectivityInfoProperty(
        public_access=msk.CfnCluster.PublicAccessProperty(
            type="SERVICE_PROVIDED_EIPS" if public else "DISABLED"
        )
    )


def _exporters(on: bool) -> msk.CfnCluster.OpenMonitoringProperty:
    return msk.CfnCluster.OpenMonitoringProperty(
        prometheus=msk.CfnCluster.PrometheusProperty(
            jmx_exporter=msk.CfnCluster.JmxExporterProperty(enabled_in_broker=on),
            node_exporter=msk.CfnCluster.NodeExporterProperty(enabled_in_broker=on),
        )
    )

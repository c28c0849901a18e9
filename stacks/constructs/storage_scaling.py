"""Storage of standard brokers that grows by itself."""

from __future__ import annotations

from aws_cdk import aws_applicationautoscaling as scaling
from constructs import Construct


class StorageScaling(Construct):
    """Grows each broker's storage up to a bound when more than a share of it is in use; it never shrinks.

    The library's own target would make a role, which AWS does not use: for MSK it has a service-linked one.
    """

    def __init__(
        self, scope: Construct, id_: str, *, cluster_arn: str, least_gib: int, most_gib: int, percent: int
    ) -> None:
        super().__init__(scope, id_)
        target = scaling.CfnScalableTarget(
            self,
            "Target",
            service_namespace="kafka",
            scalable_dimension="kafka:broker-storage:VolumeSize",
            resource_id=cluster_arn,
            min_capacity=least_gib,
            max_capacity=most_gib,
        )
        tracking = scaling.CfnScalingPolicy.TargetTrackingScalingPolicyConfigurationProperty(
            predefined_metric_specification=scaling.CfnScalingPolicy.PredefinedMetricSpecificationProperty(
                predefined_metric_type="KafkaBrokerStorageUtilization"
            ),
            target_value=percent,
            disable_scale_in=True,
        )
        scaling.CfnScalingPolicy(
            self,
            "Policy",
            policy_name="storage-in-use",
            policy_type="TargetTrackingScaling",
            scaling_target_id=target.ref,
            target_tracking_scaling_policy_configuration=tracking,
        )

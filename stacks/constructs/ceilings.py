"""Alarms before the AWS account is full of what the fabric makes for each of its users."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.constructs.alarm_topic import AlarmTopic

METRICS = {"UsersOfCeiling": "IAM users", "ManagedPoliciesOfCeiling": "IAM managed policies"}
"""Percent of what the account may hold, as the service writes it every ten minutes."""


class Ceilings(Construct):
    """One alarm for each of IAM's ceilings. Raising one is a request to AWS, which takes days."""

    def __init__(
        self, scope: Construct, id_: str, *, institution: str, percent: int, alarms: AlarmTopic
    ) -> None:
        super().__init__(scope, id_)
        self.namespace = f"Octopus/{institution}"
        for name, things in METRICS.items():
            alarm = cloudwatch.Alarm(
                self,
                name,
                alarm_name=f"octopus-{institution}-{name}",
                alarm_description=f"The AWS account holds {percent} % of the {things} that it may hold:"
                " have AWS raise the quota",
                metric=cloudwatch.Metric(
                    namespace=self.namespace,
                    metric_name=name,
                    statistic="Maximum",
                    period=Duration.minutes(15),
                ),
                threshold=percent,
                comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
                evaluation_periods=1,
                # A service that is down is not a full account; while it is, nothing is made either.
                treat_missing_data=cloudwatch.TreatMissingData.IGNORE,
            )
            alarms.hear(alarm)

    def grant_measure(self, grantee: iam.IGrantable) -> None:
        """Let ``grantee`` write these metrics, and no other namespace's."""
        # CloudWatch knows metrics by no ARN.
        grantee.grant_principal.add_to_principal_policy(
            iam.PolicyStatement(
                actions=["cloudwatch:PutMetricData"],
                resources=["*"],
                conditions={"StringEquals": {"cloudwatch:namespace": self.namespace}},
            )
        )

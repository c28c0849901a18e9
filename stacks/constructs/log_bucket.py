"""Where logs go that are read seldom: of access to the archive bucket, of the balancer, of brokers."""

from __future__ import annotations

from aws_cdk import ArnFormat, Aws, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.constructs.private_bucket import private_bucket

BALANCER = "balancer"
"""Prefix of the balancer's logs."""
AUTHORIZER = "authorizer"
"""Prefix of the logs in which brokers say whom they let in, and whom not."""


class LogBucket(Construct):
    """A private, encrypted bucket that takes TLS only and forgets its logs after the given days.

    Encrypted with S3's own key: balancers write to no other.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        bucket_name: str,
        retention: Duration,
        removal_policy: RemovalPolicy,
    ) -> None:
        super().__init__(scope, id_)
        self.bucket = private_bucket(
            self,
            name=bucket_name,
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=retention, abort_incomplete_multipart_upload_after=Duration.days(1)
                )
            ],
            removal_policy=removal_policy,
        )

    def grant_balancers(self) -> None:
        """Let Elastic Load Balancing write the logs of this account's balancers, under their prefix.

        It puts the account of a balancer into the name itself, and takes no condition.
        """
        self.bucket.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("logdelivery.elasticloadbalancing.amazonaws.com")],
                actions=["s3:PutObject"],
                resources=[self.bucket.arn_for_objects(f"{BALANCER}/AWSLogs/{Aws.ACCOUNT_ID}/*")],
            )
        )

    def grant_brokers(self) -> None:
        """Let AWS's delivery of logs write those of this account's brokers, under their prefix.

        Source: Amazon CloudWatch Logs User Guide, "Logs sent to Amazon S3".
        """
        own = {
            "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
            "ArnLike": {
                "aws:SourceArn": Stack.of(self).format_arn(
                    service="logs", resource="*", arn_format=ArnFormat.NO_RESOURCE_NAME
                )
            },
        }
        delivery = [iam.ServicePrincipal("delivery.logs.amazonaws.com")]
        self.bucket.add_to_resource_policy(
            iam.PolicyStatement(
                principals=delivery,
                actions=["s3:GetBucketAcl", "s3:ListBucket"],
                resources=[self.bucket.bucket_arn],
                conditions=own,
            )
        )
        self.bucket.add_to_resource_policy(
            iam.PolicyStatement(
                principals=delivery,
                actions=["s3:PutObject"],
                resources=[self.bucket.arn_for_objects(f"{AUTHORIZER}/AWSLogs/{Aws.ACCOUNT_ID}/*")],
                conditions=own,
            )
        )

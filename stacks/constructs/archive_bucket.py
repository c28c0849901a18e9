"""Where the events of topics are kept for good."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.constructs.private_bucket import private_bucket


class ArchiveBucket(Construct):
    """A private, encrypted bucket that takes TLS only and keeps what is overwritten for a while."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        bucket_name: str,
        infrequent_days: int,
        old_version_days: int,
        access_logs: s3.IBucket,
        removal_policy: RemovalPolicy,
    ) -> None:
        """Make it.

        Args:
            infrequent_days: after which an object goes to infrequent access, 30 at least; 0 for never.
            old_version_days: for which what was overwritten or deleted is kept.
            access_logs: where every request to the bucket is written down.
        """
        super().__init__(scope, id_)
        self.bucket = private_bucket(
            self,
            name=bucket_name,
            versioned=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    abort_incomplete_multipart_upload_after=Duration.days(7),
                    noncurrent_version_expiration=Duration.days(old_version_days),
                    transitions=[
                        s3.Transition(
                            storage_class=s3.StorageClass.INFREQUENT_ACCESS,
                            transition_after=Duration.days(infrequent_days),
                        )
                    ]
                    if infrequent_days
                    else None,
                )
            ],
            access_logs=access_logs,
            access_logs_prefix="archive/",
            removal_policy=removal_policy,
        )

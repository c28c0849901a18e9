"""Where the events of topics are kept for good."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_s3 as s3
from constructs import Construct


class ArchiveBucket(Construct):
    """A private, encrypted bucket that takes TLS only and keeps what is overwritten or deleted."""

    def __init__(
        self, scope: Construct, id_: str, *, bucket_name: str, removal_policy: RemovalPolicy
    ) -> None:
        super().__init__(scope, id_)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            bucket_name=bucket_name,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            versioned=True,
            removal_policy=removal_policy,
        )

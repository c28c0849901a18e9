"""What the stacks would have made for the service, on an emulator: tables, key, boundary, principals."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from octopus import aws
from octopus.credentials.platform import issue_platform_key
from octopus.globus.clients import CLI_CLIENT_ID
from octopus.iam.generate import principal_boundary
from octopus.settings import DeployedSettings
from tests.integration.globus.process import SERVICE_CLIENT_ID


@dataclass(frozen=True)
class Deployment:
    """One institution's resources."""

    endpoint: str
    settings: DeployedSettings

    def client(self, service: str) -> Any:
        """A boto3 client of the deployment's operator."""
        session = boto3.Session(
            aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1"
        )
        return session.client(service, endpoint_url=self.endpoint)  # type: ignore[call-overload]

    def platform_key(self, principal: str) -> tuple[str, str]:
        """A platform process's key, as `octopus up` issues it."""
        with aws_environment(self.endpoint):
            return issue_platform_key(
                principal=principal, user_name=self.user_of(principal), settings=self.settings
            )

    def user_of(self, principal: str) -> str:
        """IAM user of a platform process."""
        return f"octopus-{self.settings.institution}-{principal}"

    def judge_environment(self, port: str, secret: str) -> dict[str, str]:
        """What the deployment's judge is told, and of AWS nothing but the emulator."""
        return {
            "PATH": os.environ["PATH"],
            **operator_environment(self.endpoint),
            "OCTOPUS_INSTITUTION": self.settings.institution,
            "OCTOPUS_CREDENTIALS_TABLE": self.settings.credentials_table,
            "OCTOPUS_CREDENTIALS_KEY_ARN": self.settings.credentials_key_arn,
            "OCTOPUS_CLUSTER_ARN": self.settings.cluster_arn,
            "OCTOPUS_JUDGE_PORT": port,
            "OCTOPUS_JUDGE_SECRET": secret,
        }

    def items(self, table: str) -> list[dict[str, Any]]:
        """Every item of a table."""
        pages = self.client("dynamodb").get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        return [item for page in pages for item in page["Items"]]


@contextmanager
def aws_environment(endpoint: str) -> Iterator[None]:
    """Point the code under test, in this process, at an emulator."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in operator_environment(endpoint).items():
            patch.setenv(name, value)
        aws._session.cache_clear()
        try:
            yield
        finally:
            aws._session.cache_clear()


def operator_environment(endpoint: str) -> dict[str, str]:
    """Variables of somebody who may do everything on the emulator."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def deploy(
    endpoint: str, *, cluster_arn: str, bootstrap_servers: str, globus_url: str, globus_secret: str
) -> Deployment:
    """Make an institution of a name of its own."""
    institution = f"t{uuid.uuid4().hex[:8]}"
    settings = DeployedSettings(
        institution=institution,
        registry_table=f"octopus-{institution}-registry",
        credentials_table=f"octopus-{institution}-credentials",
        credentials_key_arn="",
        archive_bucket=f"octopus-{institution}-archive",
        principal_boundary_arn=f"arn:aws:iam::000000000000:policy/octopus-{institution}-principal-boundary",
        client_role_arn=f"arn:aws:iam::000000000000:role/octopus-{institution}-client",
        cluster_arn=cluster_arn,
        bootstrap_servers=bootstrap_servers,
        public_url="http://localhost",
        replication_factor=1,
        globus_client_id=SERVICE_CLIENT_ID,
        cli_client_id=CLI_CLIENT_ID,
        globus_secret_name=f"octopus/{institution}/globus-client-secret",
        globus_auth_url=globus_url,
        globus_groups_url=globus_url,
        # As on one machine: a test that asks for no limit is held up by none.
        quota_produce_bytes=0,
        quota_consume_bytes=0,
        quota_request_percent=0,
        quota_requests=0,
    )
    made = Deployment(endpoint, settings)
    for table in (settings.registry_table, settings.credentials_table):
        made.client("dynamodb").create_table(
            TableName=table,
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
    key_arn = made.client("kms").create_key()["KeyMetadata"]["Arn"]
    made.client("secretsmanager").create_secret(Name=settings.globus_secret_name, SecretString=globus_secret)
    users = made.client("iam")
    users.create_policy(
        PolicyName=f"octopus-{institution}-principal-boundary",
        PolicyDocument=json.dumps(principal_boundary(cluster_arn=cluster_arn)),
    )
    for principal in ("service", "judge"):
        users.create_user(UserName=made.user_of(principal), Path=f"/octopus/{institution}/")
    trusted = {"AWS": f"arn:aws:iam::000000000000:user/octopus/{institution}/{made.user_of('service')}"}
    trust = {"Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole"}
    users.create_role(
        RoleName=made.user_of("client"),
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    users.put_user_policy(
        UserName=made.user_of("service"), PolicyName="kafka", PolicyDocument=json.dumps(_kafka(cluster_arn))
    )
    return Deployment(endpoint, settings.model_copy(update={"credentials_key_arn": key_arn}))


def _kafka(cluster_arn: str) -> dict[str, Any]:
    """What the stacks let the service do (``grant_administer`` of the construct)."""

    def allow(resource: str, *actions: str) -> dict[str, Any]:
        return {
            "Effect": "Allow",
            "Action": [f"kafka-cluster:{action}" for action in actions],
            "Resource": resource,
        }

    def arn(kind: str, names: str = "*") -> str:
        return f"{cluster_arn.replace(':cluster/', f':{kind}/')}/{names}"

    return {
        "Version": "2012-10-17",
        "Statement": [
            allow(
                cluster_arn,
                "AlterClusterDynamicConfiguration",
                "Connect",
                "DescribeClusterDynamicConfiguration",
                "WriteDataIdempotently",
            ),
            allow(
                arn("topic"),
                "AlterTopic",
                "AlterTopicDynamicConfiguration",
                "CreateTopic",
                "DeleteTopic",
                "DescribeTopic",
                "DescribeTopicDynamicConfiguration",
                "ReadData",
            ),
            allow(arn("topic", "octopus.*"), "WriteData"),
            allow(arn("group"), "DeleteGroup", "DescribeGroup"),
            allow(arn("transactional-id"), "DescribeTransactionalId"),
        ],
    }

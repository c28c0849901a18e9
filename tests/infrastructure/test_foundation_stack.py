"""What the foundation holds."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from aws_cdk.assertions import Match, Template

from octopus.settings import DeployedSettings
from stacks.settings import Settings
from tests.infrastructure.conftest import CAMPUS, Templates, synthesize
from tests.infrastructure.intrinsics import resolve


@pytest.fixture(scope="module")
def template(campus: Templates) -> dict[str, Any]:
    return campus["octopus-anl-foundation"]


@pytest.fixture(scope="module")
def found(template: dict[str, Any]) -> Template:
    return Template.from_json(template)


@pytest.mark.parametrize("name", ["octopus-anl-registry", "octopus-anl-credentials"])
def test_tables_are_keyed_restorable_and_paid_by_request(found: Template, name: str) -> None:
    found.has_resource_properties(
        "AWS::DynamoDB::Table",
        {
            "TableName": name,
            "KeySchema": [
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            "AttributeDefinitions": [
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            "BillingMode": "PAY_PER_REQUEST",
            "TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": True},
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            "DeletionProtectionEnabled": True,
        },
    )


def test_key_of_the_credentials_rotates_and_has_a_name(found: Template) -> None:
    found.resource_count_is("AWS::KMS::Key", 1)
    found.has_resource_properties("AWS::KMS::Key", {"EnableKeyRotation": True})
    found.has_resource_properties("AWS::KMS::Alias", {"AliasName": "alias/octopus-anl-credentials"})


def test_bucket_of_the_longest_institution_has_a_name_that_s3_takes_in_every_region() -> None:
    session = boto3.Session()
    regions = [
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("s3", partition)
    ]
    longest = {**CAMPUS, "institution": "a" * 18}
    foundation = synthesize(longest)[f"octopus-{longest['institution']}-foundation"]

    name = resolve(foundation["Resources"]["ArchiveBucket49F1AC64"]["Properties"]["BucketName"], {})

    assert len(name.removesuffix("us-east-1")) + max(map(len, regions)) <= 63


def test_archive_is_private_encrypted_and_versioned(found: Template, template: dict[str, Any]) -> None:
    bucket = template["Resources"]["ArchiveBucket49F1AC64"]["Properties"]
    assert resolve(bucket["BucketName"], {}) == "octopus-anl-archive-111122223333-us-east-1"
    found.has_resource_properties(
        "AWS::S3::Bucket",
        {
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": True,
                "BlockPublicPolicy": True,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True,
            },
            "BucketEncryption": {
                "ServerSideEncryptionConfiguration": [
                    {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
                ]
            },
            "VersioningConfiguration": {"Status": "Enabled"},
        },
    )
    found.has_resource_properties(
        "AWS::S3::BucketPolicy",
        {
            "PolicyDocument": Match.object_like(
                {
                    "Statement": [
                        Match.object_like(
                            {
                                "Effect": "Deny",
                                "Action": "s3:*",
                                "Principal": {"AWS": "*"},
                                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                            }
                        )
                    ]
                }
            )
        },
    )


def test_parameters_are_the_fields_of_the_settings_that_processes_read(template: dict[str, Any]) -> None:
    resources = template["Resources"]
    written = {
        resource["Properties"]["Name"]: resolve(resource["Properties"]["Value"], resources)
        for resource in resources.values()
        if resource["Type"] == "AWS::SSM::Parameter"
    }
    uuid = "3712950b-569f-5b31-b460-c33cb93e1e66"
    values = {
        "institution": "anl",
        "registry_table": "octopus-anl-registry",
        "credentials_table": "octopus-anl-credentials",
        "credentials_key_arn": "arn:aws:kms:us-east-1:111122223333:key/credentials",
        "archive_bucket": "octopus-anl-archive-111122223333-us-east-1",
        "principal_boundary_arn": "arn:aws:iam::111122223333:policy/octopus-anl-principal-boundary",
        "client_role_arn": "arn:aws:iam::111122223333:role/octopus-anl-client",
        "cluster_arn": f"arn:aws:kafka:us-east-1:111122223333:cluster/octopus-anl/{uuid}",
        "bootstrap_servers": "b1.example.org:9098,b2.example.org:9098",
        "public_url": "https://octopus.example.org",
        "globus_client_id": "7c7b1f2e-8a57-4a8a-9a0c-0a8d1f6b2c11",
        "globus_secret_name": "octopus/anl/globus-client-secret",
        "globus_auth_url": "https://auth.globus.org/",
        "key_unused_days": "90",
        "globus_groups_url": "https://groups.api.globus.org/",
        "groups_poll_seconds": "300",
        "groups_held_seconds": "3600",
        "topic_partitions_most": "128",
        "topic_retention_hours_most": "8760",
        "topic_retention_bytes_most": "1099511627776",
        "topic_message_bytes_most": "8388608",
        "quota_projects": "20",
        "quota_topics": "200",
        "quota_partitions": "1000",
        "quota_retention_bytes": "4398046511104",
        "quota_unbounded_partition_bytes": "1073741824",
        "quota_groups": "200",
        "quota_transactional_ids": "200",
        "quota_produce_bytes": "67108864",
        "quota_consume_bytes": "134217728",
        "quota_request_percent": "200",
        "quota_requests": "50",
        "public_requests": "10",
        "service_replicas": "1",
        "warning_days": "14",
        "project_grace_days": "30",
        "audit_days": "400",
    }
    assert written == {f"/octopus/anl/{name}": value for name, value in values.items()}
    assert set(DeployedSettings.model_fields) == {*values, "mail_from"}, "mail_from is told when it is given"


def test_process_that_is_told_nothing_takes_what_the_stack_says_by_default(found: Template) -> None:
    """A service that is newer than its foundation finds no parameter, and must not be without the limit."""
    parameters = found.find_resources("AWS::SSM::Parameter").values()
    written = {one["Properties"]["Name"]: one["Properties"]["Value"] for one in parameters}
    defaults = {
        name: str(field.default)
        for name, field in DeployedSettings.model_fields.items()
        if not field.is_required() and name != "mail_from"
    }

    assert defaults == {name: written[f"/octopus/anl/{name}"] for name in defaults}
    assert DeployedSettings.model_fields["mail_from"].default == Settings.from_context(CAMPUS).mail_from


@pytest.mark.parametrize("name", ["octopus-anl-service", "octopus-anl-judge"])
def test_platform_principals_are_users_with_one_policy_and_no_key(
    template: dict[str, Any], found: Template, name: str
) -> None:
    resources = template["Resources"]
    users = {
        key: resource["Properties"]
        for key, resource in resources.items()
        if resource["Type"] == "AWS::IAM::User"
    }
    user_id = next(key for key, properties in users.items() if properties["UserName"] == name)
    assert users[user_id] == {"UserName": name, "Path": "/octopus/anl/"}
    found.has_resource_properties(
        "AWS::IAM::ManagedPolicy", {"ManagedPolicyName": name, "Users": [{"Ref": user_id}]}
    )
    found.resource_count_is("AWS::IAM::AccessKey", 0)


@pytest.mark.parametrize("metric", ["UsersOfCeiling", "ManagedPoliciesOfCeiling"])
def test_operator_is_alarmed_before_iam_is_full(found: Template, metric: str) -> None:
    found.has_resource_properties(
        "AWS::CloudWatch::Alarm",
        {
            "AlarmName": f"octopus-anl-{metric}",
            "Namespace": "Octopus/anl",
            "MetricName": metric,
            "Statistic": "Maximum",
            "Threshold": 80,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        },
    )

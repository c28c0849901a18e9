"""What the foundation holds."""

from __future__ import annotations

import json
from typing import Any

import aws_cdk as cdk
import boto3
import pytest
from aws_cdk.assertions import Match, Template

from octopus.settings import DeployedSettings
from stacks import told
from stacks.foundation_stack import FoundationStack
from stacks.settings import Settings
from tests.infrastructure.conftest import CAMPUS, Templates
from tests.infrastructure.intrinsics import resolve
from tests.infrastructure.synthesis import flags


@pytest.fixture(scope="module")
def template(campus: Templates) -> dict[str, Any]:
    return campus["octopus-anl-foundation"]


@pytest.fixture(scope="module")
def found(template: dict[str, Any]) -> Template:
    return Template.from_json(template)


def foundation(settings: Settings) -> Template:
    return Template.from_stack(FoundationStack(cdk.App(context=flags()), "foundation", settings=settings))


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
    found.all_resources_properties("AWS::KMS::Key", {"EnableKeyRotation": True})
    found.has_resource_properties("AWS::KMS::Alias", {"AliasName": "alias/octopus-anl-credentials"})


def test_bucket_of_the_longest_institution_has_a_name_that_s3_takes_in_every_region() -> None:
    session = boto3.Session()
    regions = [
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("s3", partition)
    ]
    longest = {**CAMPUS, "institution": "a" * 18}
    resources = foundation(Settings.from_context(longest)).to_json()["Resources"]

    for bucket in ("ArchiveBucket49F1AC64", "LogsBucket5C52C3D2"):
        name = resolve(resources[bucket]["Properties"]["BucketName"], {})
        assert len(name.removesuffix("us-east-1")) + max(map(len, regions)) <= 63


@pytest.mark.parametrize(
    ("bucket", "name"), [("ArchiveBucket49F1AC64", "archive"), ("LogsBucket5C52C3D2", "logs")]
)
def test_buckets_are_private_encrypted_and_take_tls_only(
    template: dict[str, Any], found: Template, bucket: str, name: str
) -> None:
    properties = template["Resources"][bucket]["Properties"]
    assert resolve(properties["BucketName"], {}) == f"octopus-anl-{name}-111122223333-us-east-1"
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    (encryption,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    assert properties["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    denied = {
        "Effect": "Deny",
        "Action": "s3:*",
        "Principal": {"AWS": "*"},
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        "Resource": [{"Fn::GetAtt": [bucket, "Arn"]}, Match.any_value()],
    }
    found.has_resource_properties(
        "AWS::S3::BucketPolicy",
        {
            "Bucket": {"Ref": bucket},
            "PolicyDocument": Match.object_like({"Statement": Match.array_with([denied])}),
        },
    )


def test_archive_keeps_what_is_overwritten_and_moves_what_is_old() -> None:
    given = {**CAMPUS, "archive_infrequent_days": "60", "archive_old_version_days": "30"}
    resources = foundation(Settings.from_context(given)).to_json()["Resources"]
    archive = resources["ArchiveBucket49F1AC64"]["Properties"]
    assert archive["VersioningConfiguration"] == {"Status": "Enabled"}
    assert archive["LifecycleConfiguration"]["Rules"] == [
        {
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
            "Transitions": [{"StorageClass": "STANDARD_IA", "TransitionInDays": 60}],
            "Status": "Enabled",
        }
    ]


def test_archive_may_keep_everything_at_hand() -> None:
    settings = Settings.from_context({**CAMPUS, "archive_infrequent_days": "0"})
    archive = foundation(settings).to_json()["Resources"]["ArchiveBucket49F1AC64"]["Properties"]
    assert "Transitions" not in archive["LifecycleConfiguration"]["Rules"][0]


def test_access_to_the_archive_is_written_down_and_forgotten_in_time(template: dict[str, Any]) -> None:
    resources = template["Resources"]
    assert resources["ArchiveBucket49F1AC64"]["Properties"]["LoggingConfiguration"] == {
        "DestinationBucketName": {"Ref": "LogsBucket5C52C3D2"},
        "LogFilePrefix": "archive/",
    }
    (rule,) = resources["LogsBucket5C52C3D2"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert rule["ExpirationInDays"] == 30
    policy = resources["LogsBucketPolicyE3811129"]["Properties"]["PolicyDocument"]
    (writing,) = [one for one in policy["Statement"] if one["Effect"] == "Allow"]
    assert writing["Principal"] == {"Service": "logging.s3.amazonaws.com"}
    assert writing["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}


def test_alarms_reach_people_through_a_topic_whose_key_lets_the_services_that_tell_use_it() -> None:
    """With another key SNS drops what they publish, and says so nowhere."""
    settings = Settings.from_context({**CAMPUS, "alarm_mail": "ada@example.org,ben@example.org"})
    found = foundation(settings)
    ours = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    alarms = ("budgets.amazonaws.com", "cloudwatch.amazonaws.com")
    resources = found.to_json()["Resources"]
    key = resources["AlarmsKey3C2381B3"]["Properties"]["KeyPolicy"]
    this = {"Fn::Join": ["", ["arn:", *_SNS_HERE, ":octopus-anl-alarms"]]}
    assert _what_services_may(key, ["kms:Decrypt", "kms:GenerateDataKey*"]) == {
        **dict.fromkeys(alarms, ours),
        # With a condition on account or source EventBridge's letters are lost.
        "events.amazonaws.com": {"StringEquals": {"kms:EncryptionContext:aws:sns:topicArn": this}},
    }
    (topic,) = found.find_resources("AWS::SNS::Topic").items()
    assert topic[1]["Properties"]["TopicName"] == "octopus-anl-alarms"
    assert topic[1]["Properties"]["KmsMasterKeyId"] == {"Fn::GetAtt": ["AlarmsKey3C2381B3", "Arn"]}
    (policy,) = (each for each in resources.values() if each["Type"] == "AWS::SNS::TopicPolicy")
    assert _what_services_may(policy["Properties"]["PolicyDocument"], "sns:Publish") == {
        **dict.fromkeys(alarms, ours),
        "events.amazonaws.com": None,
    }
    mailed = found.find_resources("AWS::SNS::Subscription").values()
    assert {(one["Properties"]["Protocol"], one["Properties"]["Endpoint"]) for one in mailed} == {
        ("email", "ada@example.org"),
        ("email", "ben@example.org"),
    }


@pytest.mark.parametrize(
    ("given", "shares"),
    [
        ({**CAMPUS, "service_replicas": "3"}, "3"),
        ({"institution": "anl", "preset": "lab"}, "6"),
    ],
    ids=["fixed", "scaled"],
)
def test_rates_are_shared_out_among_as_many_as_there_may_be(given: dict[str, str], shares: str) -> None:
    assert told.of_settings(Settings.from_context(given))["service_replicas"] == shares


_SNS_HERE = [{"Ref": "AWS::Partition"}, ":sns:", {"Ref": "AWS::Region"}, ":", {"Ref": "AWS::AccountId"}]


def _what_services_may(policy: dict[str, Any], actions: object) -> dict[str, object]:
    """Conditions under which services may do it, by service."""
    return {
        service: statement.get("Condition")
        for statement in policy["Statement"]
        if statement["Effect"] == "Allow" and statement["Action"] == actions
        for service in _listed(statement["Principal"].get("Service", []))
    }


def _listed(services: str | list[str]) -> list[str]:
    return [services] if isinstance(services, str) else services


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
        "kafka": "external",
        "credentials": "iam-user",
        "session_minutes_most": "60",
        "replication_factor": "3",
        "key_days_most": "90",
        "key_unused_days": "90",
        "globus_groups_url": "https://groups.api.globus.org/",
        "groups_poll_seconds": "300",
        "groups_held_seconds": "3600",
        "topic_partitions_most": "32",
        "topic_retention_hours_most": "8760",
        "topic_retention_bytes_most": "1099511627776",
        "topic_message_bytes_most": "8388608",
        "quota_projects": "20",
        "quota_topics": "50",
        "quota_partitions": "100",
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
        "alarm_ceiling_percent": "80",
        "heartbeat": "process",
        "heartbeat_over_https": "True",
    }
    if_given = {"browser_origins", "cli_client_id", "mail_from"}
    assert written == {f"/octopus/anl/{name}": value for name, value in values.items()}
    assert set(DeployedSettings.model_fields) == {*values, *if_given}


def test_process_that_is_told_nothing_takes_what_the_stack_says_by_default() -> None:
    """A service that is newer than its foundation finds no parameter, and must not be without the limit."""
    by_default = told.of_settings(Settings(institution="anl"))
    defaults = {
        name: str(field.default)
        for name, field in DeployedSettings.model_fields.items()
        if not field.is_required()
    }

    assert defaults == {name: by_default.get(name, "") for name in defaults}


def test_what_is_given_seldom_is_told_too() -> None:
    given = {
        **CAMPUS,
        "browser_origins": "https://hub.example.org,https://lab.example.org",
        "cli_client_id": "0d8a4b72-93c1-4e5f-a6b7-c8d9e0f1a203",
        "mail_from": "octopus@example.org",
    }
    written = told.of_settings(Settings.from_context(given))
    assert written["browser_origins"] == "https://hub.example.org,https://lab.example.org"
    assert written["cli_client_id"] == "0d8a4b72-93c1-4e5f-a6b7-c8d9e0f1a203"
    assert written["mail_from"] == "octopus@example.org"


@pytest.mark.parametrize("name", ["octopus-anl-service", "octopus-anl-judge", "octopus-anl-heartbeat"])
def test_platform_principals_are_users_with_a_policy_of_their_name_and_no_key(
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


def test_service_holds_what_it_may_do_with_users_in_a_policy_of_its_own(found: Template) -> None:
    held = found.find_resources("AWS::IAM::ManagedPolicy", {"Properties": {"Users": Match.any_value()}})
    named = {one["Properties"]["ManagedPolicyName"]: one["Properties"] for one in held.values()}
    assert set(named) == {
        "octopus-anl-service",
        "octopus-anl-service-users",
        "octopus-anl-judge",
        "octopus-anl-heartbeat",
    }
    assert named["octopus-anl-service-users"]["Users"] == named["octopus-anl-service"]["Users"]
    assert "iam:" not in json.dumps(named["octopus-anl-service"]["PolicyDocument"])

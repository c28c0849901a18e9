"""What of a stack's resources is still there, asked of each service itself and not of CloudFormation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from tests.aws_account import Account

Client = Callable[[str], Any]

_GOES_WITH_ANOTHER = frozenset(
    {
        "AWS::CDK::Metadata",
        "AWS::IAM::Policy",
        "AWS::Lambda::Permission",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::TopicPolicy",
        *(
            f"AWS::ApiGateway::{part}"
            for part in (
                "Authorizer",
                "BasePathMapping",
                "Deployment",
                "GatewayResponse",
                "Method",
                "Model",
                "RequestValidator",
                "Resource",
                "Stage",
            )
        ),
    }
)
"""Types that are a part of another resource of the stacks, and cannot outlive it."""


def _key_is_kept(client: Client, key: str) -> bool:
    # A key is deleted after days at the earliest: it is gone for everybody once it waits for that.
    return bool(client("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"] != "PendingDeletion")


def _alias(client: Client, name: str) -> bool:
    pages = client("kms").get_paginator("list_aliases").paginate()
    return name in {alias["AliasName"] for page in pages for alias in page["Aliases"]}


def _log_group(client: Client, name: str) -> bool:
    found = client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return name in {group["logGroupName"] for group in found}


def _record(client: Client, name: str) -> bool:
    zones = client("route53").list_hosted_zones()["HostedZones"]
    return name.rstrip(".") in {
        record["Name"].rstrip(".")
        for zone in zones
        for record in client("route53").list_resource_record_sets(HostedZoneId=zone["Id"])[
            "ResourceRecordSets"
        ]
    }


_FOUND: Mapping[str, Callable[[Client, str], object]] = {
    "AWS::ApiGateway::DomainName": lambda aws, id_: aws("apigateway").get_domain_name(domainName=id_),
    "AWS::ApiGateway::RestApi": lambda aws, id_: aws("apigateway").get_rest_api(restApiId=id_),
    "AWS::CloudWatch::Alarm": lambda aws, id_: aws("cloudwatch").describe_alarms(AlarmNames=[id_])[
        "MetricAlarms"
    ],
    "AWS::CloudWatch::Dashboard": lambda aws, id_: aws("cloudwatch").get_dashboard(DashboardName=id_),
    "AWS::DynamoDB::Table": lambda aws, id_: aws("dynamodb").describe_table(TableName=id_),
    "AWS::Events::Rule": lambda aws, id_: aws("events").describe_rule(Name=id_),
    "AWS::IAM::ManagedPolicy": lambda aws, id_: aws("iam").get_policy(PolicyArn=id_),
    "AWS::IAM::Role": lambda aws, id_: aws("iam").get_role(RoleName=id_),
    "AWS::IAM::User": lambda aws, id_: aws("iam").get_user(UserName=id_),
    "AWS::KMS::Alias": _alias,
    "AWS::KMS::Key": _key_is_kept,
    "AWS::Lambda::Function": lambda aws, id_: aws("lambda").get_function(FunctionName=id_),
    "AWS::Logs::LogGroup": _log_group,
    "AWS::Route53::RecordSet": _record,
    "AWS::S3::Bucket": lambda aws, id_: aws("s3").head_bucket(Bucket=id_),
    "AWS::SNS::Subscription": lambda aws, id_: aws("sns").get_subscription_attributes(SubscriptionArn=id_),
    "AWS::SNS::Topic": lambda aws, id_: aws("sns").get_topic_attributes(TopicArn=id_),
    "AWS::SSM::Parameter": lambda aws, id_: aws("ssm").get_parameter(Name=id_),
}
_GONE = (
    "404",
    "NoSuchEntity",
    "NotFound",
    "NotFoundException",
    "ParameterNotFound",
    "ResourceNotFound",
    "ResourceNotFoundException",
)


def still_there(account: Account, resources: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the type and physical id of each resource that can be found.

    Args:
        resources: type by physical id.

    Raises:
        KeyError: a type that nobody has said how to find.
    """
    return [
        (kind, id_)
        for id_, kind in resources.items()
        if kind not in _GOES_WITH_ANOTHER and _is_there(account, kind, id_)
    ]


def _is_there(account: Account, kind: str, id_: str) -> bool:
    try:
        return bool(_FOUND[kind](account.client, id_))
    except ClientError as error:
        if error.response["Error"]["Code"] in _GONE:
            return False
        raise

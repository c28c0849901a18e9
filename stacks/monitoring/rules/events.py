"""What AWS tells of itself, and of what it did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stacks.monitoring.rule import Arn, EventRule
from stacks.settings import Settings

_ALWAYS = (
    "APIGATEWAY",
    "CLOUDWATCH",
    "DYNAMODB",
    "EVENTS",
    "IAM",
    "KMS",
    "LAMBDA",
    "S3",
    "SECRETSMANAGER",
    "SNS",
)
_WITH_MSK = ("KAFKA",)
_IN_FARGATE = ("ECR", "ECS", "ELASTICLOADBALANCING", "FARGATE", "NATGATEWAY", "VPC")
_WITH_A_DOMAIN = ("ACM",)
_WITH_A_WEB_ACL = ("WAF",)


def _health(settings: Settings, _arn: Arn) -> Mapping[str, Any]:
    services = (
        *_ALWAYS,
        *(_WITH_MSK if settings.on_msk else ()),
        *(_IN_FARGATE if settings.in_fargate else ()),
        *(_WITH_A_DOMAIN if settings.domain else ()),
        *(_WITH_A_WEB_ACL if settings.waf else ()),
    )
    return {
        "source": ["aws.health"],
        "detail": {
            "service": sorted(services),
            # Two regions hear of others' faults, too. Source: AWS Health User Guide, "Creating EventBridge
            # rules for AWS Region coverage". What names no region at all is the whole account's.
            "eventRegion": [settings.region, "global", {"exists": False}],
        },
    }


def _risk(_settings: Settings, _arn: Arn) -> Mapping[str, Any]:
    # Of the account, by whatever region it comes.
    return {"source": ["aws.health"], "detail": {"service": ["ABUSE", "RISK"]}}


def _brokers(settings: Settings, arn: Arn) -> Mapping[str, Any]:
    return {
        "source": ["aws.kafka"],
        # Where an account has a trail, each call of anybody's to MSK is an event, too.
        "detail-type": [
            {"anything-but": ["AWS API Call via CloudTrail", "AWS Service Event via CloudTrail"]}
        ],
        # The cluster or one of its brokers. Nowhere does AWS say that each event names one: others are told.
        "resources": [{"wildcard": arn("kafka", f"*/{settings.cluster_name}/*")}, {"exists": False}],
    }


def _of_the_service(settings: Settings, arn: Arn) -> list[Mapping[str, str]]:
    return [{"prefix": arn("ecs", f"service/{settings.named('web')}/")}]


def _deployment(settings: Settings, arn: Arn) -> Mapping[str, Any]:
    return {
        "source": ["aws.ecs"],
        "detail-type": ["ECS Deployment State Change"],
        "resources": _of_the_service(settings, arn),
        "detail": {"eventName": ["SERVICE_DEPLOYMENT_FAILED"]},
    }


def _tasks(settings: Settings, arn: Arn) -> Mapping[str, Any]:
    return {
        "source": ["aws.ecs"],
        "detail-type": ["ECS Service Action"],
        "resources": _of_the_service(settings, arn),
        "detail": {"eventType": ["ERROR", "WARN"]},
    }


def _recovery(settings: Settings, _arn: Arn) -> Mapping[str, Any]:
    names = [settings.named(table) for table in ("credentials", "registry")]
    # DynamoDB takes an ARN for a name, and a trail shows what was sent.
    tables = {"tableName": [*names, *({"suffix": f":table/{name}"} for name in names)]}
    unrecoverable = {"pointInTimeRecoverySpecification": {"pointInTimeRecoveryEnabled": [False]}}
    unprotected = {"deletionProtectionEnabled": [False]}
    return {
        "source": ["aws.dynamodb"],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": {
            "$or": [
                {"eventName": ["UpdateContinuousBackups"], "requestParameters": tables | unrecoverable},
                {"eventName": ["UpdateTable"], "requestParameters": tables | unprotected},
                {"eventName": ["DeleteTable"], "requestParameters": tables},
            ]
        },
    }


EVENTS = (
    EventRule(
        id="aws-health",
        says="AWS says that something the fabric stands on is out of order, or will be worked on",
        pattern=_health,
    ),
    EventRule(
        id="account-at-risk",
        says="AWS found a key of this account in public, or was told that the account does harm",
        pattern=_risk,
    ),
    EventRule(
        id="broker-events",
        says="Amazon MSK tells of a broker or of its disk",
        pattern=_brokers,
        where=lambda settings: settings.on_msk,
    ),
    EventRule(
        id="deployment-failed",
        says="A new version of the web service did not start, and the one before was put back",
        pattern=_deployment,
        where=lambda settings: settings.in_fargate,
    ),
    EventRule(
        id="tasks-not-started",
        says="ECS cannot start a task of the web service",
        pattern=_tasks,
        where=lambda settings: settings.in_fargate,
    ),
    EventRule(
        id="recovery-off",
        says="Somebody deleted a table, or turned off its protection or its point-in-time recovery",
        pattern=_recovery,
    ),
)

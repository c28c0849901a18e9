"""What AWS tells of itself, and of what it did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stacks.monitoring.rule import EventRule
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


def _health(settings: Settings) -> Mapping[str, Any]:
    services = (
        *_ALWAYS,
        *(_WITH_MSK if settings.on_msk else ()),
        *(_IN_FARGATE if settings.in_fargate else ()),
    )
    return {"source": ["aws.health"], "detail": {"service": sorted(services)}}


def _brokers(settings: Settings) -> Mapping[str, Any]:
    return {
        "source": ["aws.kafka"],
        # Where an account has a trail, each call of anybody's to MSK is an event, too.
        "detail-type": [{"anything-but": "AWS API Call via CloudTrail"}],
    }


def _of_the_service(settings: Settings) -> list[Mapping[str, str]]:
    return [{"wildcard": f"arn:*:ecs:*:*:service/{settings.named('web')}/*"}]


def _deployment(settings: Settings) -> Mapping[str, Any]:
    return {
        "source": ["aws.ecs"],
        "detail-type": ["ECS Deployment State Change"],
        "resources": _of_the_service(settings),
        "detail": {"eventName": ["SERVICE_DEPLOYMENT_FAILED"]},
    }


def _tasks(settings: Settings) -> Mapping[str, Any]:
    return {
        "source": ["aws.ecs"],
        "detail-type": ["ECS Service Action"],
        "resources": _of_the_service(settings),
        "detail": {"eventType": ["ERROR", "WARN"]},
    }


def _recovery(settings: Settings) -> Mapping[str, Any]:
    return {
        "source": ["aws.dynamodb"],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": {
            "eventName": ["UpdateContinuousBackups"],
            "requestParameters": {
                "tableName": [settings.named("credentials"), settings.named("registry")],
                "pointInTimeRecoverySpecification": {"pointInTimeRecoveryEnabled": [False]},
            },
        },
    }


EVENTS = (
    EventRule(
        id="aws-health",
        says="AWS says that something the fabric stands on is out of order, or will be worked on",
        pattern=_health,
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
        says="Somebody turned off the point-in-time recovery of a table",
        pattern=_recovery,
    ),
)

"""Which events the rules' patterns take, asked of EventBridge: the events are written as AWS documents them.

Sources: AWS Health User Guide, "AWS Health events Amazon EventBridge schema"; Amazon ECS Developer Guide,
"Amazon ECS events"; AWS CloudTrail User Guide, record contents. What Amazon MSK sends is documented nowhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from stacks.monitoring.rules.events import EVENTS
from stacks.settings import Settings
from tests.aws_account import Account

REGION, NUMBER = "us-west-2", "111122223333"
SETTINGS = Settings.from_context({"institution": "anl", "preset": "facility", "region": REGION})
PATTERNS = {rule.id: rule.pattern for rule in EVENTS}


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{NUMBER}:{resource}"


def health(service: str, **more: str) -> dict[str, Any]:
    return {"source": "aws.health", "detail-type": "AWS Health Event", "detail": {"service": service} | more}


def kafka(*resources: str, kind: str = "MSK Cluster Broker Storage") -> dict[str, Any]:
    return {"source": "aws.kafka", "detail-type": kind, "resources": resources}


def ecs(kind: str, cluster: str = "octopus-anl-web", **detail: str) -> dict[str, Any]:
    service = arn("ecs", f"service/{cluster}/Tasks-Service-1A2B")
    return {"source": "aws.ecs", "detail-type": kind, "resources": [service], "detail": detail}


def call(name: str, table: str, **parameters: object) -> dict[str, Any]:
    detail = {"eventName": name, "requestParameters": {"tableName": table} | parameters}
    return {"source": "aws.dynamodb", "detail-type": "AWS API Call via CloudTrail", "detail": detail}


def recovery(table: str, *, on: bool) -> dict[str, Any]:
    wanted = {"pointInTimeRecoveryEnabled": on}
    return call("UpdateContinuousBackups", table, pointInTimeRecoverySpecification=wanted)


REGISTRY = "octopus-anl-registry"
CLUSTER = "octopus-anl/8d7c6b5a-4938-4271-a0b1-c2d3e4f5a6b7-2"
DEPLOYMENT, ACTION = "ECS Deployment State Change", "ECS Service Action"

TOLD = [
    ("aws-health", health("KAFKA", eventRegion=REGION)),
    ("aws-health", health("WAF", eventRegion=REGION)),
    ("aws-health", health("IAM", eventRegion="global")),
    ("aws-health", health("IAM")),
    ("account-at-risk", health("RISK", eventRegion="us-east-1")),
    ("account-at-risk", health("ABUSE") | {"detail-type": "AWS Health Abuse Event"}),
    ("broker-events", kafka(arn("kafka", f"cluster/{CLUSTER}"))),
    ("broker-events", kafka(arn("kafka", f"broker/{CLUSTER}/1"))),
    ("broker-events", kafka()),
    ("deployment-failed", ecs(DEPLOYMENT, eventName="SERVICE_DEPLOYMENT_FAILED")),
    ("tasks-not-started", ecs(ACTION, eventType="ERROR", eventName="SERVICE_TASK_PLACEMENT_FAILURE")),
    ("recovery-off", recovery(REGISTRY, on=False)),
    ("recovery-off", recovery(arn("dynamodb", f"table/{REGISTRY}"), on=False)),
    ("recovery-off", recovery("octopus-anl-credentials", on=False)),
    ("recovery-off", call("UpdateTable", REGISTRY, deletionProtectionEnabled=False)),
    ("recovery-off", call("DeleteTable", REGISTRY)),
]
NOT_TOLD = [
    ("aws-health", health("KAFKA", eventRegion="eu-central-1")),
    ("aws-health", health("EC2", eventRegion=REGION)),
    ("account-at-risk", health("KAFKA", eventRegion=REGION)),
    ("broker-events", kafka(arn("kafka", f"cluster/{CLUSTER}".replace("anl", "anl-2")))),
    ("broker-events", kafka(kind="AWS API Call via CloudTrail")),
    ("broker-events", kafka(kind="AWS Service Event via CloudTrail")),
    ("deployment-failed", ecs(DEPLOYMENT, eventName="SERVICE_DEPLOYMENT_COMPLETED")),
    ("deployment-failed", ecs(DEPLOYMENT, "octopus-anl-web-2", eventName="SERVICE_DEPLOYMENT_FAILED")),
    ("tasks-not-started", ecs(ACTION, eventType="INFO", eventName="SERVICE_STEADY_STATE")),
    ("recovery-off", recovery(REGISTRY, on=True)),
    ("recovery-off", recovery("somebody-elses", on=False)),
    ("recovery-off", call("UpdateTable", REGISTRY, deletionProtectionEnabled=True)),
    ("recovery-off", call("UpdateTable", REGISTRY, billingMode="PAY_PER_REQUEST")),
    ("recovery-off", call("DeleteTable", f"{REGISTRY}-restored")),
]


def told(account: Account, rule: str, event: Mapping[str, Any]) -> bool:
    """Return whether the rule's pattern takes the event."""
    whole: dict[str, Any] = {
        "id": "7bf73129-1428-4cd3-a780-95db273d1602",
        "account": NUMBER,
        "time": "2026-11-22T18:00:00Z",
        "region": REGION,
        "resources": [],
        "detail": {},
        **event,
    }
    pattern = json.dumps(PATTERNS[rule](SETTINGS, arn))
    found: bool = account.client("events").test_event_pattern(EventPattern=pattern, Event=json.dumps(whole))[
        "Result"
    ]
    return found


@pytest.mark.parametrize(("rule", "event"), TOLD)
def test_event_that_operators_want_is_taken(account: Account, rule: str, event: Mapping[str, Any]) -> None:
    assert told(account, rule, event)


@pytest.mark.parametrize(("rule", "event"), NOT_TOLD)
def test_event_of_others_or_of_no_harm_is_not_taken(
    account: Account, rule: str, event: Mapping[str, Any]
) -> None:
    assert not told(account, rule, event)


def test_every_rule_is_tried() -> None:
    assert {rule for rule, _ in TOLD} == {rule for rule, _ in NOT_TOLD} == set(PATTERNS)

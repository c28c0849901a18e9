"""What the heartbeat over HTTPS is made of, and what it may do."""

from __future__ import annotations

import re
from typing import Any

import pytest

from octopus.status.store import PARTITION
from stacks.settings import Settings
from tests.infrastructure.conftest import CAMPUS, ROOT, Templates
from tests.infrastructure.iam_requests import allows
from tests.infrastructure.policies import listed, policies_of

REGISTRY = "arn:aws:dynamodb:us-east-1:111122223333:table/octopus-anl-registry"
CREDENTIALS = "arn:aws:dynamodb:us-east-1:111122223333:table/octopus-anl-credentials"
STATUS = {"dynamodb:LeadingKeys": PARTITION}
OURS = {"cloudwatch:namespace": "Octopus/anl"}
FARGATE = {"institution": "anl", "globus_client_id": CAMPUS["globus_client_id"]}


def of_type(template: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [resource["Properties"] for resource in template["Resources"].values() if resource["Type"] == kind]


@pytest.fixture(scope="module")
def template(tasks: Templates) -> dict[str, Any]:
    return tasks["octopus-anl-monitoring"]


@pytest.fixture(scope="module")
def function(template: dict[str, Any]) -> dict[str, Any]:
    (found,) = of_type(template, "AWS::Lambda::Function")
    return found


@pytest.fixture(scope="module")
def policy(tasks: Templates) -> dict[str, Any]:
    found = policies_of(tasks)
    (name,) = [name for name in found if name.startswith("HeartbeatRole")]
    return found[name]


def test_function_is_outside_the_vpc_and_is_told_what_it_reads(function: dict[str, Any]) -> None:
    source = (ROOT / "lambda_src" / "heartbeat" / "handler.py").read_text()
    told = function["Environment"]["Variables"]
    assert set(told) == set(re.findall(r'os\.environ\["(\w+)"\]', source))
    assert told["OCTOPUS_INSTITUTION"] == "anl"
    assert "VpcConfig" not in function


def test_function_runs_each_minute_ends_before_the_next_and_is_not_called_again(
    template: dict[str, Any], function: dict[str, Any]
) -> None:
    (rule,) = [each for each in of_type(template, "AWS::Events::Rule") if "ScheduleExpression" in each]
    assert rule["ScheduleExpression"] == "rate(1 minute)"
    assert rule["State"] == "ENABLED"
    (target,) = rule["Targets"]
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 0}
    (invoked,) = of_type(template, "AWS::Lambda::EventInvokeConfig")
    assert (invoked["MaximumEventAgeInSeconds"], invoked["MaximumRetryAttempts"]) == (60, 0)
    assert function["Timeout"] < 60


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [("dynamodb:UpdateItem", REGISTRY, STATUS), ("cloudwatch:PutMetricData", "*", OURS)],
)
def test_function_may(policy: dict[str, Any], action: str, resource: str, context: dict[str, str]) -> None:
    assert allows(policy, action, resource, context)


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("dynamodb:UpdateItem", REGISTRY, {}),
        ("dynamodb:UpdateItem", REGISTRY, {"dynamodb:LeadingKeys": "SUBJECT#6c6b3f0e"}),
        ("dynamodb:UpdateItem", REGISTRY, {"dynamodb:LeadingKeys": f"{PARTITION}#1"}),
        ("dynamodb:UpdateItem", CREDENTIALS, STATUS),
        ("dynamodb:PutItem", REGISTRY, STATUS),
        ("dynamodb:DeleteItem", REGISTRY, STATUS),
        ("dynamodb:GetItem", REGISTRY, STATUS),
        ("dynamodb:Query", REGISTRY, STATUS),
        ("cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": "Octopus/another"}),
        ("cloudwatch:PutMetricData", "*", {}),
    ],
)
def test_function_may_not(
    policy: dict[str, Any], action: str, resource: str, context: dict[str, str]
) -> None:
    assert not allows(policy, action, resource, context)


def test_function_holds_no_right_but_these_and_its_log(policy: dict[str, Any]) -> None:
    actions = [action for each in policy["Statement"] for action in listed(each["Action"])]
    assert sorted(actions) == [
        "cloudwatch:PutMetricData",
        "dynamodb:UpdateItem",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    ]


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (FARGATE, True),
        (FARGATE | {"public_requests": "0"}, False),
        (FARGATE | {"api_allowed_cidrs": "192.0.2.0/24"}, False),
        (CAMPUS, True),
        (CAMPUS | {"public_requests": "0"}, False),
        # Its process stands where the institution puts it: within those networks.
        (CAMPUS | {"api_allowed_cidrs": "192.0.2.0/24"}, True),
    ],
    ids=str,
)
def test_heartbeat_is_read_over_https_where_that_is_open_to_whoever_reads(
    given: dict[str, str], read: bool
) -> None:
    assert Settings.from_context(given).heartbeat_over_https is read


def test_there_is_no_function_where_the_service_is_not_in_fargate(campus: Templates) -> None:
    assert of_type(campus["octopus-anl-monitoring"], "AWS::Lambda::Function") == []

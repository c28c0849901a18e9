"""Every call to AWS that the platform made in the integration tests is one that its policy allows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.aws_calls.recording import recorded
from tests.aws_calls.requests import Request
from tests.infrastructure.conftest import Templates
from tests.infrastructure.iam_requests import allows
from tests.infrastructure.policies import held_by, listed, policies_of

UNRECORDED: Mapping[str, Mapping[str, str]] = {
    "service": {},
    "judge": dict.fromkeys(
        ("iam:GetGroupPolicy", "iam:ListAttachedGroupPolicies", "iam:ListGroupPolicies"),
        "reads what a user holds by a group, into which somebody put him by hand",
    ),
}
"""Rights that no recorded call uses, and what they are for."""

ON_MSK = {"kafka:GetBootstrapBrokers", "ssm:GetParameter"}
"""Calls of a service that asks where its brokers and its gateway are; the emulator's is told."""


@pytest.mark.parametrize("principal", ["service", "judge"])
def test_every_call_that_was_made_is_allowed(campus: Templates, principal: str) -> None:
    policy = held_by(policies_of(campus), f"octopus-anl-{principal}")
    assert [request for request in recorded(principal) if not is_allowed(policy, request)] == []


def test_every_call_is_allowed_to_tasks(tasks: Templates) -> None:
    policy = held_by(policies_of(tasks), "octopus-anl-service")
    assert [request for request in recorded("service") if not is_allowed(policy, request)] == []


def test_every_call_but_those_about_users_is_allowed_where_people_have_sessions(sessions: Templates) -> None:
    policy = held_by(policies_of(sessions), "octopus-anl-service")
    refused = {request for request in recorded("service") if not is_allowed(policy, request)}
    about_users = {request for request in recorded("service") if request.action.startswith("iam:")}
    assert about_users
    assert refused == about_users


@pytest.mark.parametrize("principal", ["service", "judge"])
def test_every_right_is_used_or_says_what_for(campus: Templates, principal: str) -> None:
    rights = rights_of(held_by(policies_of(campus), f"octopus-anl-{principal}"))
    assert rights - {request.action for request in recorded(principal)} == set(UNRECORDED[principal])


def test_tasks_have_no_more_rights_than_to_find_their_brokers_and_gateway(
    campus: Templates, tasks: Templates, sessions: Templates
) -> None:
    user, with_users, with_sessions = (
        rights_of(held_by(policies_of(templates), "octopus-anl-service"))
        for templates in (campus, tasks, sessions)
    )
    assert with_users == user | ON_MSK
    assert with_sessions < with_users
    assert not {right for right in with_sessions if right.startswith("iam:")}


def rights_of(policy: Mapping[str, Any]) -> set[str]:
    """Every action that a policy allows on anything, but of brokers, which are asked by Kafka's protocol."""
    return {
        action
        for statement in policy["Statement"]
        if statement["Effect"] == "Allow"
        for action in listed(statement["Action"])
        if not action.startswith("kafka-cluster:")
    }


def is_allowed(policy: Mapping[str, Any], request: Request) -> bool:
    """Whether IAM would let the call pass."""
    return allows(policy, request.action, request.resource, dict(request.context))

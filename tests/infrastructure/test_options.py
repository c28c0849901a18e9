"""What options change in the stacks, and what they leave alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.infrastructure.conftest import CAMPUS, Templates, synthesize
from tests.infrastructure.intrinsics import resolve
from tests.infrastructure.policies import listed
from tests.infrastructure.synthesis import Made

EMULATOR_TYPES = frozenset((Path(__file__).parent / "emulator-types.txt").read_text().split())
OWN_UUID = "3712950b-569f-5b31-b460-c33cb93e1e66"
"""In the ARN of the campus' own cluster."""
BROKERS = ("JudgePrincipal", "Parametersbootstrapservers", "Parameterskafka")
"""How logical ids begin that are there for one kind of brokers, or say which it is."""


@pytest.fixture(scope="module", params=["msk-standard", "msk-express"])
def beside_msk(request: pytest.FixtureRequest) -> Templates:
    """The campus, had it asked for brokers of Amazon MSK's."""
    own = {name: value for name, value in CAMPUS.items() if name != "bootstrap_servers"}
    return synthesize(own | {"kafka": request.param})


def test_foundation_is_the_same_whoever_runs_the_brokers(campus: Templates, beside_msk: Templates) -> None:
    own, amazons = (
        {
            name: without_the_cluster(resource)
            for name, resource in templates["octopus-anl-foundation"]["Resources"].items()
            if not name.startswith(BROKERS)
        }
        for templates in (campus, beside_msk)
    )
    assert amazons == own


def test_service_stack_is_the_same_whoever_runs_the_brokers(campus: Templates, beside_msk: Templates) -> None:
    assert beside_msk["octopus-anl-service"] == campus["octopus-anl-service"]


def without_the_cluster(value: Any) -> Any:
    """Return a template's value with every cluster named alike, and without the right to ask MSK for it."""
    if isinstance(value, list):
        rest = [without_the_cluster(item) for item in value if item != "kafka:GetBootstrapBrokers"]
        return rest[0] if len(rest) == 1 else rest  # as the library writes a policy's only action
    if not isinstance(value, dict):
        return value
    if set(value) == {"Fn::GetStackOutput"}:
        assert value["Fn::GetStackOutput"]["StackName"] == "octopus-anl-kafka"
        return OWN_UUID
    if set(value) == {"Fn::Join"}:
        return _together([without_the_cluster(part) for part in value["Fn::Join"][1]])
    return {key: without_the_cluster(item) for key, item in value.items()}


def _together(parts: list[Any]) -> list[Any]:
    found: list[Any] = []
    for part in parts:
        if isinstance(part, str) and found and isinstance(found[-1], str):
            found[-1] += part
        else:
            found.append(part)
    return found


def test_stacks_without_brokers_and_network_hold_only_what_an_emulator_knows(
    institutions: list[Made],
) -> None:
    for made in institutions:
        for stack in ("foundation", "service", "monitoring"):
            kinds = {resource["Type"] for resource in made.templates[stack]["Resources"].values()}
            assert kinds <= EMULATOR_TYPES, (made.name, stack)


def test_judge_is_there_for_brokers_that_know_nothing_of_iam(institutions: list[Made]) -> None:
    for made in institutions:
        users = [user["UserName"] for user in _of_type(made, "AWS::IAM::User")]
        off_aws = ["service", "heartbeat"] if not made.settings.in_fargate else []
        judging = ["judge"] if not made.settings.on_msk else []
        assert set(users) == {made.settings.named(name) for name in (*off_aws, *judging)}, made.name


def test_with_sessions_nobody_is_let_near_users_and_keys(institutions: list[Made]) -> None:
    with_sessions = [made for made in institutions if made.settings.credentials == "session"]
    assert with_sessions
    for made in with_sessions:
        actions = set(re.findall(r'"(iam:[A-Za-z*]+)"', json.dumps(made.templates)))
        assert not [action for action in actions if re.search("User|AccessKey|\\*", action)], made.name
        assert _of_type(made, "AWS::IAM::AccessKey") == []
        foundation = json.dumps(made.templates["foundation"])
        assert "PrincipalBoundary" not in foundation
        assert "principal_boundary_arn" not in foundation
        assert "UsersOfCeiling" not in json.dumps(made.templates["monitoring"])


def test_tasks_sign_with_a_role_that_ecs_assumes_for_this_account_alone(institutions: list[Made]) -> None:
    for made in institutions:
        named = [
            role
            for role in _of_type(made, "AWS::IAM::Role")
            if role.get("RoleName") == made.settings.named("service")
        ]
        assert len(named) == made.settings.in_fargate, made.name
        for role in named:
            (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
            assert trust["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
            assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_brokers_and_gateway_are_looked_up_where_they_are_not_told(institutions: list[Made]) -> None:
    for made in institutions:
        asked = {
            action
            for resource in made.templates["foundation"]["Resources"].values()
            if resource.get("Properties", {}).get("ManagedPolicyName") == made.settings.named("service")
            for statement in resource["Properties"]["PolicyDocument"]["Statement"]
            for action in listed(statement["Action"])
        }
        assert ("kafka:GetBootstrapBrokers" in asked) == made.settings.on_msk, made.name
        assert ("ssm:GetParameter" in asked) == (not made.settings.public_url), made.name


def test_every_role_of_every_stack_keeps_the_rules_of_the_account(institutions: list[Made]) -> None:
    ruled = 0
    for made in institutions:
        path, boundary = made.settings.role_path, made.settings.role_permissions_boundary
        for role in _of_type(made, "AWS::IAM::Role"):
            assert role.get("Path", "/") == path, made.name
            if boundary:
                ruled += 1
                assert role["PermissionsBoundary"]["Fn::Join"][1][-1] == f":policy/{boundary}", made.name
            else:
                assert "PermissionsBoundary" not in role, made.name
    assert ruled > 5, "some institution has rules"


def test_policies_fit_into_iam_with_the_longest_names(institutions: list[Made]) -> None:
    """White space aside, a managed policy has 6,144 characters, and a role's own together 10,240."""
    for made in institutions:
        kafka = {"Resources": {}, "Outputs": {"ClusterUuid": {"Value": f"{OWN_UUID}-25"}}}
        stacks = {made.settings.named("kafka"): kafka}
        resources = made.templates["foundation"]["Resources"]
        for resource in resources.values():
            most = {"AWS::IAM::ManagedPolicy": 6144, "AWS::IAM::Policy": 10_240}.get(resource["Type"])
            if most:
                policy = resolve(resource["Properties"]["PolicyDocument"], resources, stacks)
                # Partitions other than `aws` have longer names, which `resolve` does not know.
                longer = json.dumps(policy, separators=(",", ":")).replace("arn:aws:", "arn:aws-us-gov:")
                assert len(longer) <= most, (made.name, policy)


def test_web_acl_is_there_on_request(institutions: list[Made]) -> None:
    for made in institutions:
        assert ("protection" in made.templates) == made.settings.waf, made.name


def _of_type(made: Made, kind: str) -> list[dict[str, Any]]:
    return [properties for found, properties in _resources(made) if found == kind]


def _resources(made: Made) -> Iterator[tuple[str, dict[str, Any]]]:
    for template in made.templates.values():
        for resource in template["Resources"].values():
            yield resource["Type"], resource.get("Properties", {})

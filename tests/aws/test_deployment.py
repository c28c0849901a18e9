"""All stacks of the preset ``trial`` on a real account."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.aws.conftest import DEPLOY, LONGEST_S
from tests.aws_account import Account, Cdk

pytestmark = [pytest.mark.aws, pytest.mark.timeout(LONGEST_S), pytest.mark.usefixtures("deployed")]

STACKS = ("network", "kafka", "foundation", "hosting", "service", "monitoring", "protection")


def test_every_stack_is_made(account: Account, institution: str) -> None:
    describe = account.client("cloudformation").describe_stacks
    for name in STACKS:
        (stack,) = describe(StackName=f"octopus-{institution}-{name}")["Stacks"]
        assert stack["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), name


def test_the_same_again_changes_nothing(cdk: Cdk, context: Mapping[str, str]) -> None:
    done = cdk(*DEPLOY, context=context)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("(no changes)") == len(STACKS)


def test_a_change_that_fails_half_way_is_taken_back(
    account: Account, institution: str, cdk: Cdk, context: Mapping[str, str]
) -> None:
    ssm, name = account.client("ssm"), f"/octopus/{institution}/cli_client_id"
    before = ssm.get_parameter(Name=f"/octopus/{institution}/audit_days")["Parameter"]["Value"]
    ssm.put_parameter(Name=name, Value="by hand", Type="String")
    try:
        change = {"audit_days": "123", "cli_client_id": "2b9d2f5c-fa32-45b5-875b-b24cd343b917"}
        done = cdk(*DEPLOY, context={**context, **change})
    finally:
        ssm.delete_parameter(Name=name)
    assert done.returncode != 0
    assert ssm.get_parameter(Name=f"/octopus/{institution}/audit_days")["Parameter"]["Value"] == before
    (stack,) = account.client("cloudformation").describe_stacks(
        StackName=f"octopus-{institution}-foundation"
    )["Stacks"]
    # AWS may find out before it changes anything, or take back what it had changed.
    assert stack["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")


def test_tasks_of_the_service_are_stable(account: Account, institution: str) -> None:
    ecs = account.client("ecs")
    (cluster,) = (arn for arn in ecs.list_clusters()["clusterArns"] if f"octopus-{institution}" in arn)
    services = ecs.list_services(cluster=cluster)["serviceArns"]
    (found,) = ecs.describe_services(cluster=cluster, services=services)["services"]
    assert found["runningCount"] == found["desiredCount"] >= 1
    assert [deployment["rolloutState"] for deployment in found["deployments"]] == ["COMPLETED"]

"""What ``scripts/clean-failed`` makes of what AWS would answer."""

from __future__ import annotations

import pytest

from stacks.first_day.left import clusters
from stacks.first_day.removal import remove_stack
from stacks.first_day.stacks import PARTS, Found, Standing, standing
from tests.recorded_answers import Record
from tests.unit.first_day.conftest import MakeAccount

CLUSTER = "arn:aws:kafka:us-east-1:123456789012:cluster/octopus-anl/0a1b"


@pytest.mark.parametrize(("unused", "holds_data"), [(frozenset({CLUSTER}), False), (frozenset(), True)])
def test_cluster_is_told_with_its_cost_and_removed_at_its_end(
    make_account: MakeAccount,
    record: Record,
    monkeypatch: pytest.MonkeyPatch,
    unused: frozenset[str],
    holds_data: bool,
) -> None:
    account = make_account(preset="trial")
    monkeypatch.setattr(clusters, "_LOOK_S", 0)
    provisioned = {
        "NumberOfBrokerNodes": 3,
        "BrokerNodeGroupInfo": {"ClientSubnets": [], "InstanceType": "kafka.t3.small"},
    }
    other = {"ClusterArn": f"{CLUSTER}2", "ClusterName": "octopus-anl-aps", "State": "ACTIVE"}
    ours = {
        "ClusterArn": CLUSTER,
        "ClusterName": "octopus-anl",
        "State": "ACTIVE",
        "Provisioned": provisioned,
    }
    answers = record(account, "kafka")
    for _ in range(2):
        answers.add_response(
            "list_clusters_v2", {"ClusterInfoList": [other, ours]}, {"ClusterNameFilter": "octopus-anl"}
        )
    answers.add_response("delete_cluster", {}, {"ClusterArn": CLUSTER})
    answers.add_response("describe_cluster_v2", {"ClusterInfo": ours}, {"ClusterArn": CLUSTER})
    answers.add_client_error("describe_cluster_v2", "NotFoundException")

    assert list(clusters.find(account, frozenset({CLUSTER}), unused)) == []
    (one,) = clusters.find(account, frozenset(), unused)
    assert one.holds_data is holds_data
    assert "about 99 USD, idle" in one.cost
    one.remove()


@pytest.mark.parametrize(
    ("status", "created", "expected"),
    [
        ("ROLLBACK_FAILED", False, Standing.FAILED),
        ("REVIEW_IN_PROGRESS", False, Standing.FAILED),
        ("DELETE_FAILED", False, Standing.FAILED),
        ("DELETE_FAILED", True, Standing.LIVE),
        ("UPDATE_ROLLBACK_FAILED", True, Standing.LIVE),
        ("CREATE_IN_PROGRESS", False, Standing.MOVING),
    ],
)
def test_stack_counts_as_failed_only_when_it_never_came_to_be(
    make_account: MakeAccount, record: Record, status: str, created: bool, expected: Standing
) -> None:
    account = make_account()
    answers = record(account, "cloudformation")
    for part in PARTS:
        if part != "foundation":
            answers.add_client_error("describe_stacks", "ValidationError", f"{part} does not exist")
            continue
        described = {"StackName": part, "StackId": "id", "StackStatus": status, "CreationTime": 0}
        answers.add_response("describe_stacks", {"Stacks": [described]})
        if status == "DELETE_FAILED":
            event = {
                "StackId": "id",
                "EventId": "1",
                "StackName": part,
                "Timestamp": 0,
                "PhysicalResourceId": "id",
                "ResourceStatus": "CREATE_COMPLETE" if created else "CREATE_FAILED",
            }
            answers.add_response("describe_stack_events", {"StackEvents": [event]})
    (one,) = standing(account)
    assert one.standing is expected


def test_resource_that_cannot_be_deleted_is_let_go(
    make_account: MakeAccount, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = make_account()
    failed = Found(
        part="foundation", name="s", status="ROLLBACK_FAILED", protected=True, standing=Standing.FAILED
    )
    monkeypatch.setattr("stacks.first_day.removal.standing", lambda _account: [failed])
    answers = record(account, "cloudformation")
    stack = {"StackName": "s", "StackId": "id", "CreationTime": 0}
    unlocked = {"StackName": "s", "EnableTerminationProtection": False}
    answers.add_response("update_termination_protection", {}, unlocked)
    answers.add_response("delete_stack", {}, {"StackName": "s"})
    answers.add_response("describe_stacks", {"Stacks": [{**stack, "StackStatus": "DELETE_FAILED"}]})
    resources = [
        {"LogicalResourceId": name, "ResourceType": "x", "LastUpdatedTimestamp": 0, "ResourceStatus": status}
        for name, status in (("Registry", "DELETE_FAILED"), ("Role", "DELETE_COMPLETE"))
    ]
    answers.add_response("list_stack_resources", {"StackResourceSummaries": resources})
    answers.add_response("delete_stack", {}, {"StackName": "s", "RetainResources": ["Registry"]})
    answers.add_response("describe_stacks", {"Stacks": [{**stack, "StackStatus": "DELETE_COMPLETE"}]})
    remove_stack(account, failed)

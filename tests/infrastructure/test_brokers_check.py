"""What ``scripts/preflight`` says of a change of brokers, by the template that was deployed last."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from stacks.first_day.account import Account
from stacks.first_day.checks import brokers
from stacks.first_day.findings import Finding, State
from stacks.first_day.stacks import PARTS
from stacks.settings import Settings
from tests.infrastructure.msk import PUBLIC, made
from tests.recorded_answers import Record, recording

EXPRESS: dict[str, object] = {"kafka": "msk-express"}


def found(
    deployed: dict[str, object] | None, wanted: dict[str, object], *, storage_gib: int | None = None
) -> list[Finding]:
    """Ask what deploying ``wanted`` over ``deployed`` would do; storage is as large now as is said."""
    settings = Settings.from_context({"institution": "anl", "preset": "lab", **wanted})
    session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name="us-east-1")
    account = Account(settings, session=session)
    with recording() as record:
        _record_stacks(record, account, deployed)
        if storage_gib is not None:
            _record_storage(record, account, storage_gib)
        return list(brokers.check(account, fix=False))


def _record_stacks(record: Record, account: Account, deployed: dict[str, object] | None) -> None:
    answers = record(account, "cloudformation")
    for part in PARTS:
        name = f"octopus-anl-{part}"
        if part != "kafka" or deployed is None:
            answers.add_client_error(
                "describe_stacks", "ValidationError", f"Stack with id {name} does not exist"
            )
            continue
        stack = {"StackName": name, "StackStatus": "UPDATE_COMPLETE", "CreationTime": "2026-11-22T12:00:00Z"}
        answers.add_response("describe_stacks", {"Stacks": [stack]}, {"StackName": name})
    if deployed is not None:
        body = json.dumps(made(**deployed).kafka)
        answers.add_response("get_template", {"TemplateBody": body}, {"StackName": "octopus-anl-kafka"})


def _record_storage(record: Record, account: Account, gib: int) -> None:
    nodes: dict[str, Any] = {
        "ClientSubnets": [],
        "InstanceType": "kafka.m7g.large",
        "StorageInfo": {"EbsStorageInfo": {"VolumeSize": gib}},
    }
    cluster = {
        "ClusterName": "octopus-anl",
        "Provisioned": {"BrokerNodeGroupInfo": nodes, "NumberOfBrokerNodes": 3},
    }
    record(account, "kafka").add_response(
        "list_clusters_v2", {"ClusterInfoList": [cluster]}, {"ClusterNameFilter": "octopus-anl"}
    )


@pytest.mark.parametrize("kind", [{}, EXPRESS], ids=["standard", "express"])
def test_what_is_deployed_already_changes_nothing(kind: dict[str, object]) -> None:
    assert [str(each) for each in found(kind, kind)] == ["ok           brokers: stay as they are"]


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"broker_count": 6}, "broker_count from 3 to 6"),
        ({"broker_type": "kafka.m7g.xlarge"}, "broker_type from kafka.m7g.large to kafka.m7g.xlarge"),
        ({"kafka_version": "4.1.x.kraft"}, "kafka_version from 3.9.x.kraft to 4.1.x.kraft"),
        ({"kafka_monitoring": "default"}, "kafka_monitoring from per-broker to default"),
        ({"tiered_storage": True}, "tiered_storage from False to True"),
        ({"kafka_retention_hours": 24, "replication_factor": 2, "min_insync_replicas": 1}, "from 168 to 24"),
        (
            {"open_monitoring": True, "kafka_allowed_cidrs": "10.0.0.0/8"},
            "open_monitoring from False to True",
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_one_change_is_told(wanted: dict[str, object], told: str) -> None:
    (only,) = found({}, wanted)
    assert only.state is State.OK
    assert told in only.says


def test_public_access_is_one_change() -> None:
    (only,) = found({"broker_subnets": "public"}, PUBLIC)
    assert (only.state, only.says) == (State.OK, "change msk_public_access from False to True")


def test_two_changes_are_too_many() -> None:
    (only,) = found({}, {"broker_count": 6, "kafka_monitoring": "default"})
    assert only.state is State.FAILS
    assert only.says == (
        "change broker_count from 3 to 6, kafka_monitoring from per-broker to default, "
        "and MSK changes one thing of a cluster at a time"
    )


def test_brokers_are_never_taken_away() -> None:
    (only,) = found({"broker_count": 6}, {})
    assert str(only).endswith(
        "broker_count never goes down, from 6 to 3\n             -> give broker_count=6"
    )


@pytest.mark.parametrize(("grown", "state"), [(100, State.OK), (150, State.OK), (151, State.FAILS)])
def test_storage_is_not_set_below_what_it_has_grown_to(grown: int, state: State) -> None:
    (only,) = found({}, {"broker_storage_gib": 150}, storage_gib=grown)
    assert only.state is state
    assert ("give broker_storage_gib=151 or more" in only.fix) is (state is State.FAILS)


@pytest.mark.parametrize(
    ("deployed", "wanted", "old", "new"),
    [
        ({}, EXPRESS, "msk-standard", "msk-express"),
        ({"kafka": "msk-serverless"}, {}, "msk-serverless", "msk-standard"),
    ],
    ids=["standard-to-express", "serverless-to-standard"],
)
def test_brokers_never_become_of_another_kind(
    deployed: dict[str, object], wanted: dict[str, object], old: str, new: str
) -> None:
    (only,) = found(deployed, wanted)
    assert (only.state, only.says) == (State.FAILS, f"they are {old} and never become {new}")


def test_brokers_are_made_before_they_are_made_public() -> None:
    assert [each.state for each in found(None, {})] == [State.OK]
    (only,) = found(None, PUBLIC)
    assert (only.state, only.fix) == (State.FAILS, "deploy without msk_public_access first")

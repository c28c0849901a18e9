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
SMALL: dict[str, object] = {
    "broker_type": "kafka.t3.small",
    "kafka_version": "3.9.x",
    "quota_partitions": 100,
}
TWO_ZONES: dict[str, object] = {"zones": 2, "broker_count": 4}


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


@pytest.mark.parametrize("kind", [{}, EXPRESS], ids=["standard", "express"])
def test_brokers_are_taken_away_only_when_they_are_empty(kind: dict[str, object]) -> None:
    (only,) = found({**kind, "broker_count": 6}, kind)
    assert only.state is State.UNKNOWN
    assert only.says == (
        "change broker_count from 6 to 3: MSK takes away one broker a zone at a time, and only what holds no "
        "partition"
    )


@pytest.mark.parametrize(
    ("deployed", "wanted", "says", "fix"),
    [
        (
            {**SMALL, "broker_count": 6},
            SMALL,
            "broker_count never goes down with kafka.t3.small, from 6 to 3",
            "give broker_count=6",
        ),
        (
            {"broker_storage_gib": 200},
            {},
            "broker_storage_gib never goes down, from 200 to 100",
            "give broker_storage_gib=200",
        ),
        (
            {"tiered_storage": True},
            {},
            "tiered_storage is never turned off",
            "give tiered_storage=true",
        ),
        (
            {"kafka_version": "4.1.x.kraft"},
            {"kafka_version": "4.0.x.kraft"},
            "kafka_version never goes back, from 4.1.x.kraft to 4.0.x.kraft",
            "give kafka_version=4.1.x.kraft",
        ),
        (
            {"kafka_version": "3.8.x.kraft"},
            {"kafka_version": "3.9.x"},
            "kafka_version never goes back, from 3.8.x.kraft to 3.9.x",
            "give kafka_version=3.8.x.kraft",
        ),
        (
            SMALL,
            {**SMALL, "kafka_version": "3.9.x.kraft"},
            "change kafka_version from 3.9.x to 3.9.x.kraft, and no kafka.t3.small leaves ZooKeeper",
            "deploy with another broker_type first, such as kafka.m7g.large",
        ),
        (
            {**TWO_ZONES, "kafka_version": "3.9.x"},
            TWO_ZONES,
            "change kafka_version from 3.9.x to 3.9.x.kraft, and only brokers in three zones leave ZooKeeper",
            "give kafka_version=3.9.x",
        ),
        (
            {"kafka_version": "3.8.x"},
            {},
            "change kafka_version from 3.8.x to 3.9.x.kraft, and brokers leave ZooKeeper from 3.9.x to "
            "3.9.x.kraft only",
            "deploy with kafka_version=3.9.x first",
        ),
        (
            {"kafka_version": "3.9.x"},
            {"kafka_version": "4.1.x.kraft"},
            "change kafka_version from 3.9.x to 4.1.x.kraft, and brokers leave ZooKeeper from 3.9.x to "
            "3.9.x.kraft only",
            "deploy with kafka_version=3.9.x.kraft first",
        ),
    ],
    ids=lambda value: value[:50] if isinstance(value, str) else "",
)
def test_what_never_works_in_place_is_told_with_what_does(
    deployed: dict[str, object], wanted: dict[str, object], says: str, fix: str
) -> None:
    (only,) = found(deployed, wanted)
    assert (only.state, only.says, only.fix) == (State.FAILS, says, fix)


@pytest.mark.parametrize(
    ("wanted", "grown", "least"),
    [(109, 100, 110), (110, 100, None), (150, 140, None), (150, 141, 151), (150, 160, 170)],
)
def test_storage_grows_by_ten_gib_at_least_from_what_it_is_now(
    wanted: int, grown: int, least: int | None
) -> None:
    (only,) = found({}, {"broker_storage_gib": wanted}, storage_gib=grown)
    if least is None:
        assert only.state is State.OK
    else:
        assert only.state is State.FAILS
        assert only.fix == f"give broker_storage_gib={least} or more, or leave it at 100"


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
    assert (only.state, only.says) == (State.FAILS, f"kafka never changes, from {old} to {new}")


def test_brokers_stay_in_their_zones() -> None:
    (only,) = found({**TWO_ZONES, "broker_count": 6}, {"broker_count": 6})
    assert (only.state, only.says) == (State.FAILS, "zones never changes, from 2 to 3")


def test_brokers_are_made_before_they_are_made_public() -> None:
    assert [each.state for each in found(None, {})] == [State.OK]
    (only,) = found(None, PUBLIC)
    assert (only.state, only.fix) == (State.FAILS, "deploy without msk_public_access first")

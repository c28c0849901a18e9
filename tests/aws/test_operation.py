"""What an operator relies on: alarms that arrive, tables that can be restored, logs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from tests.aws.conftest import LONGEST_S
from tests.aws_account import Account

pytestmark = [pytest.mark.aws, pytest.mark.timeout(LONGEST_S), pytest.mark.usefixtures("deployed")]

ARRIVED_S = 120
WRITTEN_S = 1200
"""In which each metric comes for the first time, and CloudWatch lists it."""


def test_an_alarm_goes_through_its_encrypted_topic(account: Account, institution: str, queue: str) -> None:
    name = f"octopus-{institution}-iam-users"
    change = account.client("cloudwatch").set_alarm_state
    change(AlarmName=name, StateValue="ALARM", StateReason="tried by the lane")
    try:
        assert _heard(account, queue, {"AlarmName": name, "NewStateValue": "ALARM"})
    finally:
        change(AlarmName=name, StateValue="OK", StateReason="tried by the lane")


def test_an_event_goes_through_that_topic_too(
    account: Account, institution: str, topic: str, queue: str
) -> None:
    name, source = f"octopus-{institution}-lane", "octopus.lane"
    events = account.client("events")
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [source]}))
    events.put_targets(Rule=name, Targets=[{"Id": "topic", "Arn": topic}])
    entry = {"Source": source, "DetailType": "tried", "Detail": "{}"}
    try:
        # A rule that was just made is followed after a while only.
        assert _heard(account, queue, {"source": source}, lambda: events.put_events(Entries=[entry]))
    finally:
        events.remove_targets(Rule=name, Ids=["topic"])
        events.delete_rule(Name=name)


def test_every_metric_that_an_alarm_stands_on_is_written(account: Account, institution: str) -> None:
    pages = (
        account.client("cloudwatch")
        .get_paginator("describe_alarms")
        .paginate(AlarmNamePrefix=f"octopus-{institution}-")
    )
    alarms = [alarm for page in pages for alarm in page["MetricAlarms"]]
    asked = [
        metric
        for alarm in alarms
        for metric in (
            [query["MetricStat"]["Metric"] for query in alarm.get("Metrics", []) if "MetricStat" in query]
            or [{name: alarm[name] for name in ("Namespace", "MetricName", "Dimensions")}]
        )
    ]

    def silent() -> list[Mapping[str, Any]]:
        written = account.client("cloudwatch").list_metrics
        return [metric for metric in asked if not written(**metric)["Metrics"]]

    attempts = Retrying(
        retry=retry_if_result(bool),
        stop=stop_after_delay(WRITTEN_S),
        wait=wait_fixed(30),
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
    )
    assert asked
    assert attempts(silent) == []


def _heard(
    account: Account, queue: str, letter: Mapping[str, str], ask: Callable[[], object] = lambda: None
) -> bool:
    """Whether a letter with these fields comes, with ``ask`` called before each look."""
    receive = account.client("sqs").receive_message

    def look() -> bool:
        ask()
        bodies = [each["Body"] for each in receive(QueueUrl=queue, WaitTimeSeconds=1).get("Messages", [])]
        told = [json.loads(json.loads(body)["Message"]) for body in bodies]
        return any(letter.items() <= each.items() for each in told)

    attempts = Retrying(
        retry=retry_if_result(lambda heard: not heard),
        stop=stop_after_delay(ARRIVED_S),
        wait=wait_fixed(0),
        retry_error_callback=lambda _state: False,
    )
    return attempts(look)


def test_every_address_has_confirmed_its_letters(account: Account, topic: str) -> None:
    found = account.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    waiting = [each["Endpoint"] for each in found if each["SubscriptionArn"] == "PendingConfirmation"]
    assert waiting == [], "each opens the link in its first letter, and this test is run again"


def test_tables_can_be_restored_to_any_second_and_forget_by_themselves(
    account: Account, institution: str
) -> None:
    database = account.client("dynamodb")
    for table in ("registry", "credentials"):
        name = f"octopus-{institution}-{table}"
        backups = database.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        kept = backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
        assert kept == "ENABLED"
        ttl = database.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        assert (ttl["TimeToLiveStatus"], ttl["AttributeName"]) == ("ENABLED", "ttl")


def test_buckets_forget_what_is_old(account: Account, institution: str) -> None:
    s3 = account.client("s3")
    ours = [
        bucket["Name"]
        for bucket in s3.list_buckets()["Buckets"]
        if bucket["Name"].startswith(f"octopus-{institution}-")
    ]
    assert len(ours) >= 2
    for name in ours:
        assert s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]

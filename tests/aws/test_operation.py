"""What an operator relies on: alarms that arrive, tables that can be restored, logs."""

from __future__ import annotations

import json

import pytest
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from tests.aws.conftest import LONGEST_S
from tests.aws_account import Account

pytestmark = [pytest.mark.aws, pytest.mark.timeout(LONGEST_S), pytest.mark.usefixtures("deployed")]

ARRIVED_S = 120


def test_an_alarm_goes_through_its_encrypted_topic(account: Account, institution: str, queue: str) -> None:
    name = f"octopus-{institution}-UsersOfCeiling"
    change = account.client("cloudwatch").set_alarm_state
    change(AlarmName=name, StateValue="ALARM", StateReason="tried by the lane")
    try:
        bodies = _received(account, queue)
    finally:
        change(AlarmName=name, StateValue="OK", StateReason="tried by the lane")
    (told,) = (json.loads(json.loads(body)["Message"]) for body in bodies)
    assert (told["AlarmName"], told["NewStateValue"]) == (name, "ALARM")


def _received(account: Account, queue: str) -> list[str]:
    receive = account.client("sqs").receive_message

    def ask() -> list[str]:
        found = receive(QueueUrl=queue, WaitTimeSeconds=1)
        return [message["Body"] for message in found.get("Messages", [])]

    attempts = Retrying(
        retry=retry_if_result(lambda bodies: not bodies), stop=stop_after_delay(ARRIVED_S), wait=wait_fixed(0)
    )
    return attempts(ask)


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

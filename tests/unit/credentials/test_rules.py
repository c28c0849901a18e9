"""What an institution lets its users have: how long keys and sessions live, and from when a key is of use."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from octopus import aws
from octopus.credentials import propagation
from octopus.credentials.models import UsableKey
from octopus.credentials.propagation import SPREAD, usable_after
from octopus.credentials.sts import SessionIssuer

SUBJECT = "7d8d8c1e-0d5c-4b0e-9f57-3f2a5c1b9e44"
ROLE = "arn:aws:iam::111122223333:role/octopus-t-client"
CALLER = {"UserId": "u", "Account": "111122223333", "Arn": "arn:aws:iam::111122223333:user/u"}
UNKNOWN = "InvalidClientTokenId"


def key(*, made_ago_s: float = 0) -> UsableKey:
    made = (datetime.now(UTC) - timedelta(seconds=made_ago_s)).isoformat(timespec="milliseconds")
    return UsableKey(access_key_id="AKIA0000000000000001", secret="secret", created=made, fresh=True)


@pytest.fixture
def sts(aws_session: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Stubber]:
    """STS that answers these one after another; "" for an answer, else an error's code."""

    def answering(*answers: str) -> Stubber:
        client = aws_session.client("sts")
        stub = Stubber(client)
        for code in answers:
            if code:
                stub.add_client_error("get_caller_identity", code)
            else:
                stub.add_response("get_caller_identity", CALLER)
        stub.activate()
        monkeypatch.setattr(aws, "sts_of", lambda *_key: client)
        return stub

    return answering


def test_new_key_is_given_out_once_sts_takes_it(sts: Callable[..., Stubber]) -> None:
    asked = sts(UNKNOWN, UNKNOWN, "")

    moment = datetime.fromisoformat(usable_after(key()))

    asked.assert_no_pending_responses()
    assert moment <= datetime.now(UTC)


def test_key_that_sts_does_not_take_in_time_is_given_out_with_the_moment_to_wait_for(
    sts: Callable[..., Stubber],
) -> None:
    asked = sts(UNKNOWN)
    new = key(made_ago_s=propagation.WAITED.total_seconds())

    moment = datetime.fromisoformat(usable_after(new))

    asked.assert_no_pending_responses()
    assert moment - datetime.fromisoformat(new.created) == pytest.approx(SPREAD, abs=timedelta(seconds=1))


def test_sts_that_is_away_keeps_nobody_waiting(sts: Callable[..., Stubber]) -> None:
    asked = sts("ServiceUnavailable")

    assert datetime.fromisoformat(usable_after(key())) > datetime.now(UTC)

    asked.assert_no_pending_responses()


def test_session_carries_its_owner_as_name_and_source_identity(aws_session: boto3.Session) -> None:
    client: Any = aws_session.client("sts")
    expected = {
        "RoleArn": ROLE,
        "RoleSessionName": SUBJECT,
        "SourceIdentity": SUBJECT,
        "Policy": '{"Statement":[],"Version":"2012-10-17"}',
        "DurationSeconds": 900,
    }
    made = {
        "AccessKeyId": "ASIA0000000000000001",
        "SecretAccessKey": "secret",
        "SessionToken": "token",
        "Expiration": datetime(2026, 11, 22, 12, tzinfo=UTC),
    }
    with Stubber(client) as stub:
        stub.add_response("assume_role", {"Credentials": made}, expected)
        issued = SessionIssuer(client, role_arn=ROLE).issue(
            name=SUBJECT, policy={"Version": "2012-10-17", "Statement": []}, duration_s=900
        )
    assert issued.access_key_id == made["AccessKeyId"]

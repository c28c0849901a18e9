"""What an institution lets its users have: how long keys and sessions live, and from when a key is of use."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event, Semaphore
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from octopus import aws
from octopus.credentials import propagation
from octopus.credentials.models import UsableKey
from octopus.credentials.propagation import MOST_WAITING, SPREAD, usable_after
from octopus.credentials.sts import SessionIssuer
from octopus.registry.leases import PATIENCE_S

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


def test_crowd_that_asks_for_new_keys_holds_ten_threads_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """An STS that does not answer meanwhile keeps the others from nothing."""
    asked, answered = Semaphore(0), Event()

    class Slow:
        def get_caller_identity(self) -> None:
            asked.release()
            answered.wait()

    monkeypatch.setattr(aws, "sts_of", lambda *_key: Slow())
    with ThreadPoolExecutor(MOST_WAITING) as threads:
        try:
            waiting = [threads.submit(usable_after, key()) for _ in range(MOST_WAITING)]
            for _ in waiting:
                asked.acquire()
            one_more = datetime.fromisoformat(usable_after(key()))
            assert one_more > datetime.now(UTC) + SPREAD / 2
        finally:
            answered.set()
        assert all(datetime.fromisoformat(one.result()) <= datetime.now(UTC) for one in waiting)
    assert datetime.fromisoformat(usable_after(key())) <= datetime.now(UTC)


def test_sts_that_takes_no_key_is_not_asked_beyond_the_time(
    sts: Callable[..., Stubber], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gateway gives up at 29 s, and the key would be made with nobody to have it."""
    monkeypatch.setattr(propagation, "WAITED", timedelta(seconds=0.5))
    sts(*[UNKNOWN] * 100)
    new = key()

    assert datetime.fromisoformat(usable_after(new)) > datetime.now(UTC)

    assert datetime.now(UTC) - datetime.fromisoformat(new.created) < timedelta(seconds=1)


def test_all_that_a_new_key_may_wait_for_is_over_before_the_gateway_gives_up(
    aws_session: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(aws, "_session", lambda: aws_session)
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        began = time.monotonic()
        late = usable_after(key(made_ago_s=propagation.WAITED.total_seconds()))
        last_question_s = time.monotonic() - began

    assert datetime.fromisoformat(late) > datetime.now(UTC)
    assert last_question_s >= 0.9, "it was asked"
    waits_s = PATIENCE_S + aws._NEW_USER_KNOWN_S + propagation.WAITED.total_seconds()
    assert waits_s + last_question_s <= 25


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

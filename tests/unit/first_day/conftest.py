"""An account of which nothing is known but what a test records."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import boto3
import pytest

from stacks.first_day.account import Account
from stacks.settings import Settings
from tests.recorded_answers import Record, recording

OPERATOR = "arn:aws:iam::123456789012:user/operator"
EXTERNAL = {
    "institution": "anl",
    "kafka": "external",
    "hosting": "external",
    "service_url": "https://octopus.example.org",
    "bootstrap_servers": "b1.example.org:9098",
}
"""Nothing but foundation and gateway."""

MakeAccount = Callable[..., Account]


@pytest.fixture
def record() -> Iterator[Record]:
    """Recorded answers: ``record(account, service).add_response(...)``."""
    with recording() as record:
        yield record


@pytest.fixture
def make_account() -> MakeAccount:
    """Settings of a preset, or of nothing but foundation and gateway, in an account of that number."""

    def make(**context: object) -> Account:
        base = {"institution": "anl"} if "preset" in context else EXTERNAL
        session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name="us-east-1")
        account = Account(Settings.from_context({**base, **context}, region="us-east-1"), session=session)
        account.caller = OPERATOR
        return account

    return make

"""What unit tests share: a simulated AWS with a registry table.

The simulation is begun once a module and emptied before each test, and all clients are of one session: to
begin it, and to read what boto3 knows of a service, takes longer than most tests. It ends with its module, so
that no test of another folder meets it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber

from tests.unit.quick_tables import make_quick


@pytest.fixture(scope="session")
def aws_session() -> boto3.Session:
    """Makes clients fast, once it has made one of their kind."""
    return boto3.Session(aws_access_key_id="key", aws_secret_access_key="secret", region_name="us-east-1")


@pytest.fixture(scope="module")
def simulation() -> Iterator[Any]:
    """Moto, at work until the module is through.

    It takes one request after the other: its tables are plain dictionaries, and a transaction that fails puts
    back what they held before, with what other threads have written meanwhile.
    """
    one_at_a_time, answer = threading.RLock(), BotocoreStubber.process_request

    def process_request(stubber: BotocoreStubber, request: Any) -> Any:
        with one_at_a_time:
            return answer(stubber, request)

    with pytest.MonkeyPatch.context() as patch, mock_aws() as moto:
        patch.setattr(BotocoreStubber, "process_request", process_request)
        make_quick(patch)
        yield moto


@pytest.fixture
def cloud(simulation: Any, aws_session: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> boto3.Session:
    """An AWS with nothing in it."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    simulation.reset()
    return aws_session


@pytest.fixture
def database(cloud: boto3.Session) -> Any:
    """A DynamoDB client."""
    return cloud.client("dynamodb")


@pytest.fixture
def table(database: Any) -> str:
    """An empty table."""
    make_table(database, "registry")
    return "registry"


def make_table(database: Any, name: str) -> None:
    """An empty table with the keys that all of the service's have."""
    keys = {"pk": "HASH", "sk": "RANGE"}
    database.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys.items()],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        BillingMode="PAY_PER_REQUEST",
    )

"""What unit tests share: a simulated AWS with a registry table.

The simulation is begun once a module and emptied before each test, and all clients are of one session: to
begin it, and to read what boto3 knows of a service, takes longer than most tests. It ends with its module, so
that no test of another folder meets it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws


@pytest.fixture(scope="session")
def aws_session() -> boto3.Session:
    """Makes clients fast, once it has made one of their kind."""
    return boto3.Session(aws_access_key_id="key", aws_secret_access_key="secret", region_name="us-east-1")


@pytest.fixture(scope="module")
def simulation() -> Iterator[Any]:
    """Moto, at work until the module is through."""
    with mock_aws() as moto:
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

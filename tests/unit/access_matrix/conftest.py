"""A registry that the tests of one module share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.unit.access_matrix.world import World


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Everybody and everything of the law; nothing but projects' own roles is given yet."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        database: Any = boto3.client("dynamodb", region_name="us-east-1")
        database.create_table(
            TableName="registry",
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        yield World(database, "registry")

"""Many rows of a table at once, consistently, whatever DynamoDB's bounds of one answer are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from tenacity import Retrying, retry_if_result, stop_after_delay, wait_random_exponential

from octopus.errors import UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_MOST_KEYS = 100
"""Of one ``BatchGetItem``."""
_PATIENCE_S = 5.0

Row = dict[str, Any]
Key = tuple[str, str]
"""Partition key and sort key."""


def read_rows(client: DynamoDBClient, table: str, keys: Iterable[Key]) -> dict[Key, Row]:
    """The rows of these keys that there are.

    Raises:
        UnavailableError: the table kept throttling for five seconds.
    """
    found: dict[Key, Row] = {}
    wanted = list(dict.fromkeys(keys))
    for start in range(0, len(wanted), _MOST_KEYS):
        some = wanted[start : start + _MOST_KEYS]
        asked: list[Any] = [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in some]
        attempts = Retrying(
            retry=retry_if_result(bool),
            wait=wait_random_exponential(multiplier=0.02, max=0.5),
            stop=stop_after_delay(_PATIENCE_S),
            retry_error_callback=lambda _state: True,
        )
        if attempts(_read_some, client, table, asked, found):
            raise UnavailableError("The registry is busy: nothing was done, try again")
    return found


def rows_of(client: DynamoDBClient, table: str, partition: str, beginning: str = "") -> Iterator[Row]:
    """The rows of one partition whose sort keys begin so, in order."""
    condition, values = "pk = :pk", {":pk": {"S": partition}}
    if beginning:
        condition, values = f"{condition} AND begins_with(sk, :sk)", {**values, ":sk": {"S": beginning}}
    pages = client.get_paginator("query").paginate(
        TableName=table,
        ConsistentRead=True,
        KeyConditionExpression=condition,
        ExpressionAttributeValues=values,
    )
    for page in pages:
        yield from page["Items"]


def _read_some(client: DynamoDBClient, table: str, asked: list[Any], found: dict[Key, Row]) -> bool:
    """Ask for what is missing; true when some of it is missing still."""
    reply = client.batch_get_item(RequestItems={table: {"Keys": asked, "ConsistentRead": True}})
    for row in reply["Responses"].get(table, []):
        found[row["pk"]["S"], row["sk"]["S"]] = row
    left = reply["UnprocessedKeys"]
    asked[:] = left[table]["Keys"] if table in left else []
    return bool(asked)

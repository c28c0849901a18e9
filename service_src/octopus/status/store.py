"""How each part stands, in the registry: written by whoever looks, read by whoever is asked."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from octopus.status.models import Part, Standing

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PARTITION = "STATUS"
"""Key of all rows; the sort key is the part."""


class StatusStore:
    """The rows of one registry table."""

    def __init__(self, client: DynamoDBClient, table: str, *, clock: Callable[[], float] = time.time) -> None:
        """
        Args:
            clock: seconds since the epoch.
        """
        self._client = client
        self._table = table
        self._clock = clock

    def tell(self, part: Part, *, works: bool) -> None:
        """Write how a part was found just now; since when it is so is kept while it stays so.

        Raises:
            botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError: the registry is away.
        """
        seen = "checked_ms = :now, worked_ms = :now" if works else "checked_ms = :now"
        key = {"pk": {"S": PARTITION}, "sk": {"S": str(part)}}
        values: dict[str, Any] = {":now": {"N": str(int(self._clock() * 1000))}, ":works": {"BOOL": works}}
        try:
            self._client.update_item(
                TableName=self._table,
                Key=key,
                UpdateExpression=f"SET {seen}",
                ConditionExpression="works = :works",
                ExpressionAttributeValues=values,
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            self._client.update_item(
                TableName=self._table,
                Key=key,
                UpdateExpression=f"SET {seen}, works = :works, since_ms = :now",
                ExpressionAttributeValues=values,
            )

    def read(self) -> list[Standing]:
        """How each part stood when it was last looked at; those that nobody ever looked at are not there.

        Raises:
            botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError: the registry is away.
        """
        found = self._client.query(
            TableName=self._table,
            KeyConditionExpression="pk = :status",
            ExpressionAttributeValues={":status": {"S": PARTITION}},
            ConsistentRead=True,
        )["Items"]
        rows = {row["sk"]["S"]: row for row in found}
        return [
            Standing(
                part=part,
                works=rows[part]["works"]["BOOL"],
                since=_moment(rows[part]["since_ms"]["N"]),
                checked=_moment(rows[part]["checked_ms"]["N"]),
                worked=_moment(rows[part]["worked_ms"]["N"]) if "worked_ms" in rows[part] else None,
            )
            for part in Part
            if part in rows
        ]


def _moment(milliseconds: str) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)

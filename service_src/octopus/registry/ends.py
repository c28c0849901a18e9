"""What ends on which day: grants and projects. Found without a scan, and once for each.

Rows of the registry (pk / sk):
    ``ENDS#<UTC day>`` / ``<kind>#<reference>``: at (S, ISO-8601 UTC). Written in the transaction that sets
        the end, deleted in the one that changes it or takes it away.
    ``ENDS`` / ``<kind>``: day (S): every end of this kind on an earlier day has been dealt with.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from octopus.registry.reading import rows_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_BEFORE_THE_FIRST = timedelta(days=30)
"""How far back whoever looks for the first time looks: ends may have been set before anybody did."""


class EndKind(StrEnum):
    """What ends."""

    GRANT = "grant"
    PROJECT = "project"


@dataclass(frozen=True)
class End:
    """Something that ends at a moment."""

    kind: EndKind
    reference: str
    """Names it among its kind: ``<namespace>#<topic or *>#<right>#<grantee kind>#<UUID>`` for a grant, a
    project's name."""
    at: datetime
    """In any zone."""

    @property
    def day(self) -> date:
        """UTC; two ends of one thing on the same day are one row."""
        return self.at.astimezone(UTC).date()


class Ends:
    """Ends that one registry table holds."""

    def __init__(self, client: DynamoDBClient, table: str, *, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def set(self, end: End) -> TransactWriteItemTypeDef:
        """Item of the transaction that gives something its end."""
        row = {**_row(end), "at": {"S": end.at.astimezone(UTC).isoformat(timespec="seconds")}}
        return {"Put": {"TableName": self._table, "Item": row}}

    def unset(self, end: End) -> TransactWriteItemTypeDef:
        """Item of the transaction that takes the end, or what ends, away."""
        return {"Delete": {"TableName": self._table, "Key": _row(end)}}

    def forget(self, end: End) -> None:
        """Take away an end of what is gone, unless it was given anew meanwhile."""
        try:
            self._client.delete_item(
                TableName=self._table,
                Key=_row(end),
                ConditionExpression="#at = :at",
                ExpressionAttributeNames={"#at": "at"},
                ExpressionAttributeValues={
                    ":at": {"S": end.at.astimezone(UTC).isoformat(timespec="seconds")}
                },
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def of_day(self, day: date, kind: EndKind) -> Iterator[End]:
        """What of one kind ends on a day (UTC)."""
        for row in rows_of(self._client, self._table, _partition(day), f"{kind}#"):
            reference = row["sk"]["S"].removeprefix(f"{kind}#")
            yield End(kind, reference, datetime.fromisoformat(row["at"]["S"]))

    def within(self, kind: EndKind, days: int) -> Iterator[End]:
        """What of one kind ends today or in the next ``days`` days."""
        today = self._now().date()
        for number in range(days + 1):
            yield from self.of_day(today + timedelta(days=number), kind)

    def over(self, kind: EndKind) -> Iterator[End]:
        """What of one kind has ended and is in the registry still.

        Whoever asks deals with each, which takes its row away: days of which nothing is left are not looked
        at again.
        """
        now = self._now()
        begun = first = day = self._begin_with(kind, now.date())
        clean = True
        while day <= now.date():
            for end in self.of_day(day, kind):
                clean = False
                if end.at <= now:
                    yield end
            if clean and day < now.date():
                first = day + timedelta(days=1)
            day += timedelta(days=1)
        if first != begun:
            self._remember(kind, first)

    def _begin_with(self, kind: EndKind, today: date) -> date:
        reply = self._client.get_item(TableName=self._table, Key=_progress(kind), ConsistentRead=True)
        if "Item" in reply:
            return date.fromisoformat(reply["Item"]["day"]["S"])
        return today - _BEFORE_THE_FIRST

    def _remember(self, kind: EndKind, day: date) -> None:
        self._client.put_item(TableName=self._table, Item={**_progress(kind), "day": {"S": day.isoformat()}})

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


def _partition(day: date) -> str:
    return f"ENDS#{day.isoformat()}"


def _row(end: End) -> dict[str, dict[str, str]]:
    return {
        "pk": {"S": _partition(end.day)},
        "sk": {"S": f"{end.kind}#{end.reference}"},
    }


def _progress(kind: EndKind) -> dict[str, dict[str, str]]:
    return {"pk": {"S": "ENDS"}, "sk": {"S": kind.value}}

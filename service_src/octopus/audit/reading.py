"""Reads the trail back: newest first, page by page, each page a bounded number of rows."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

from octopus.audit.events import Event
from octopus.audit.trail import day_partition, from_json
from octopus.pages import Page

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MOST_LOOKED_AT = 2000
"""Rows that one page reads at the most, whatever it shows of them."""
_ROWS_AT_ONCE = 200

Wanted = Callable[[Event], bool]


@dataclass(frozen=True, kw_only=True)
class Query:
    """Which events somebody asks for."""

    since: datetime | None = None
    until: datetime | None = None
    """Not included."""
    type: str | None = None
    """``topic.created``, or ``topic`` for all that begin so."""
    limit: int = 100
    after: str | None = None
    """`Page.next` of the page before."""

    def wants(self, event: Event) -> bool:
        """Whether the event is of the type asked for."""
        return self.type is None or event.type == self.type or event.type.startswith(f"{self.type}.")


class Reader:
    """Reads of one registry table's audit; every read is consistent."""

    def __init__(self, client: DynamoDBClient, table: str, *, kept_days: int) -> None:
        """
        Args:
            client: of the registry's database.
            table: the registry.
            kept_days: older events are not shown, whether DynamoDB has cleared them away or not.
        """
        self._client = client
        self._table = table
        self._kept = timedelta(days=kept_days)

    def page(
        self, partitions: Sequence[str], query: Query, wanted: Wanted = lambda _event: True
    ) -> Page[Event]:
        """What these partitions hold together; an event that is in several of them is there once."""
        streams = [self._rows(partition, query) for partition in partitions]
        return _page(heapq.merge(*streams, key=_sort_key, reverse=True), query, wanted)

    def days(self, query: Query, wanted: Wanted = lambda _event: True) -> Page[Event]:
        """What all days together hold, of everybody: for operators."""
        newest = query.after or _stamp(_until(query))
        first, day = self._since(query).date(), date.fromisoformat(newest[:10])
        days = (day - timedelta(days=number) for number in range((day - first).days + 1))
        return _page(
            (row for one in days for row in self._rows(day_partition(f"{one}"), query)), query, wanted
        )

    def _rows(self, partition: str, query: Query) -> Iterator[dict[str, Any]]:
        low, high = _stamp(self._since(query)), _stamp(_until(query))
        if query.after:
            high = min(high, query.after)
        if low > high:
            return
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            ConsistentRead=True,
            ScanIndexForward=False,
            KeyConditionExpression="pk = :pk AND sk BETWEEN :low AND :high",
            ExpressionAttributeValues={
                ":pk": {"S": partition},
                ":low": {"S": low},
                ":high": {"S": high},
            },
            PaginationConfig={"PageSize": _ROWS_AT_ONCE},
        )
        for page in pages:
            yield from (row for row in page["Items"] if row["sk"]["S"] != query.after)

    def _since(self, query: Query) -> datetime:
        kept = datetime.now(UTC) - self._kept
        return max(query.since, kept) if query.since else kept


def _page(rows: Iterator[dict[str, Any]], query: Query, wanted: Wanted) -> Page[Event]:
    found: list[Event] = []
    for looked_at, (sort_key, same) in enumerate(groupby(rows, key=_sort_key), start=1):
        event = from_json(next(same)["event"]["S"])
        if query.wants(event) and wanted(event):
            found.append(event)
        if len(found) == query.limit or looked_at == MOST_LOOKED_AT:
            return Page(found, sort_key)
    return Page(found, None)


def _sort_key(row: dict[str, Any]) -> str:
    return str(row["sk"]["S"])


def _until(query: Query) -> datetime:
    # Clocks of other hosts may be ahead by a little.
    latest = datetime.now(UTC) + timedelta(hours=1)
    return min(query.until, latest) if query.until else latest


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"

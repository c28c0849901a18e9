"""What the judge reads of the credentials table."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from octopus.judge.errors import SourceUnavailableError, source
from octopus.registry.transactions import ConditionFailedError, write_together

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

MOST_SKEW = timedelta(minutes=4)
"""How far the clock of the service, which names the entries of the change log, may be from the judge's."""
LONGEST_GAP = 45.0
"""Seconds between looks after which entries that came late may have been missed."""
OVERLAP = timedelta(minutes=5)
"""How far back each look at the change log goes, and ahead: a clock's skew, a gap, and a slow transaction."""
_USE_KEPT = timedelta(hours=1)
"""How long after a key's end its last use is kept at least: as long as an ended session."""
WATCH_GAP = timedelta(hours=1)
"""Time between two notes that all uses are recorded after which some may not have been."""
_BATCH = 100
"""Items that DynamoDB gives at once."""

T = TypeVar("T")
Row = dict[str, Any]
"""A primary key."""
Item = dict[str, Any]


@dataclass(frozen=True)
class KeyRecord:
    """An access key that the fabric issued."""

    access_key_id: str
    subject: str
    user_name: str
    kind: str
    state: str
    secret: bytes = field(repr=False)
    """KMS ciphertext of the secret access key."""
    expires: datetime | None

    def refusal(self, now: datetime) -> str | None:
        """Why this key may not be used, if it may not."""
        if self.state != "active":
            return "the access key is not active"
        if self.expires is not None and now >= self.expires:
            return "the access key has expired"
        return None


@dataclass(frozen=True)
class Use:
    """A moment at which a key was used."""

    at: datetime
    key_expires: datetime | None


@dataclass(frozen=True)
class VersionRecord:
    """Which policies a principal has been given, and when they last changed."""

    policy_sha256: str
    """Of all of them (`octopus.iam.generate.PolicySet`); empty when it has none."""
    changed: datetime


@dataclass(frozen=True)
class Look:
    """One complete look at the change log; times are of the monotonic clock, in seconds."""

    changed: frozenset[str]
    """Subjects with an entry that was not seen before."""
    began: float
    since: float
    """No change was missed between then and ``began``."""


class CredentialsTable:
    """Consistent reads of keys, versions and changes, and the last use of keys."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def key(self, access_key_id: str) -> KeyRecord | None:
        """A key by its id; None when the fabric did not issue it.

        Raises:
            SourceUnavailableError: the table cannot be read, or the item is malformed.
        """
        item = self._item(_key_row(access_key_id))
        return _key_record(item) if item is not None else None

    def keys(self, access_key_ids: Iterable[str]) -> dict[str, KeyRecord | None]:
        """Many keys by their ids; those whose items are malformed are left out.

        Raises:
            SourceUnavailableError: the table cannot be read.
        """
        return self._batch({key_id: _key_row(key_id) for key_id in access_key_ids}, _key_record)

    def version(self, subject: str) -> VersionRecord | None:
        """A principal's version row; None for one whose policies the fabric does not write.

        Raises:
            SourceUnavailableError: as for :meth:`key`.
        """
        item = self._item(_version_row(subject))
        return _version_record(item) if item is not None else None

    def versions(self, subjects: Iterable[str]) -> dict[str, VersionRecord | None]:
        """Version rows of many principals, as :meth:`keys` gives keys."""
        return self._batch({subject: _version_row(subject) for subject in subjects}, _version_record)

    def changes(self, since: datetime, until: datetime) -> dict[str, str]:
        """Entries of the change log from ``since`` on, in hours up to that of ``until``: sort key to subject.

        Raises:
            SourceUnavailableError: the table cannot be read.
        """
        return {
            item["sk"]["S"]: item["subject"]["S"]
            for hour in sorted({f"{moment:%Y-%m-%dT%H}" for moment in (since, until)})
            for item in self._changes_of(hour, since)
        }

    def write_last_use(self, access_key_id: str, use: Use) -> None:
        """Record when a key was last used, unless a later use is recorded or the key is forgotten by now.

        DynamoDB clears the row away some time after the key's end. Of a key without an end the service does,
        when it forgets the key.

        Raises:
            SourceUnavailableError: the table takes no write.
        """
        last_used = {"S": use.at.isoformat(timespec="seconds")}
        item: Item = {**_row(f"USE#{access_key_id}", "USE"), "last_used": last_used}
        if use.key_expires is not None:
            item["ttl"] = {"N": str(int((use.key_expires + _USE_KEPT).timestamp()))}
        known: TransactWriteItemTypeDef = {
            "ConditionCheck": {
                "TableName": self._table,
                "Key": _key_row(access_key_id),
                "ConditionExpression": "attribute_exists(pk)",
            }
        }
        latest: TransactWriteItemTypeDef = {
            "Put": {
                "TableName": self._table,
                "Item": item,
                "ConditionExpression": "attribute_not_exists(last_used) OR last_used < :last_used",
                "ExpressionAttributeValues": {":last_used": last_used},
            }
        }
        with source("credentials table"), suppress(ConditionFailedError):
            write_together(self._client, [known, latest])

    def write_watch(self, now: datetime) -> None:
        """Record that all uses up to now are recorded, and since when they have been without a gap.

        Raises:
            SourceUnavailableError: the table cannot be read or takes no write.
        """
        row, since = _row("USE#judge", "USE"), now.isoformat(timespec="seconds")
        item = self._item(row)
        if item is not None:
            with _well_formed(item):
                if now - _moment(item["until"]["S"]) <= WATCH_GAP:
                    since = item["since"]["S"]
        until = now.isoformat(timespec="seconds")
        with source("credentials table"):
            self._client.put_item(
                TableName=self._table, Item={**row, "since": {"S": since}, "until": {"S": until}}
            )

    def _changes_of(self, hour: str, since: datetime) -> Iterator[dict[str, Any]]:
        with source("credentials table"):
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="pk = :hour AND sk >= :since",
                ExpressionAttributeValues={
                    ":hour": {"S": f"CHANGES#{hour}"},
                    ":since": {"S": f"{since:%Y-%m-%dT%H:%M:%S}"},
                },
                ConsistentRead=True,
            )
            for page in pages:
                yield from page["Items"]

    def _item(self, row: Row) -> Item | None:
        with source("credentials table"):
            reply = self._client.get_item(TableName=self._table, Key=row, ConsistentRead=True)
        return reply.get("Item")

    def _batch(self, rows: Mapping[str, Row], read: Callable[[Item], T]) -> dict[str, T | None]:
        found: dict[str, T | None] = {}
        names = list(rows)
        for start in range(0, len(names), _BATCH):
            asked = names[start : start + _BATCH]
            items = {_name(item): item for item in self._items([rows[name] for name in asked])}
            for name in asked:
                item = items.get(_name(rows[name]))
                with suppress(SourceUnavailableError):
                    found[name] = read(item) if item is not None else None
        return found

    def _items(self, rows: list[Row]) -> Iterator[Item]:
        with source("credentials table"):
            reply = self._client.batch_get_item(
                RequestItems={self._table: {"Keys": rows, "ConsistentRead": True}}
            )
        if reply["UnprocessedKeys"]:
            raise SourceUnavailableError("credentials table: DynamoDB gave a part of what was asked")
        yield from reply["Responses"][self._table]


class ChangeLog:
    """The change log since the last look, with overlap."""

    def __init__(
        self,
        table: CredentialsTable,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._table = table
        self._clock = clock
        self._monotonic = monotonic
        self._seen: set[str] = set()
        self._last: Look | None = None

    def look(self) -> Look:
        """What changed since the last look.

        The window need not reach further back than the overlap, whatever the time since the last look: what
        was read before a long gap is not used any more. It reaches ahead, since a service whose clock is fast
        writes into the next hour before that has begun here.

        Raises:
            SourceUnavailableError: the table cannot be read.
        """
        began = self._monotonic()
        now = datetime.fromtimestamp(self._clock(), UTC)
        entries = self._table.changes(now - OVERLAP, now + OVERLAP)
        changed = frozenset(subject for entry, subject in entries.items() if entry not in self._seen)
        self._seen = set(entries)
        unbroken = self._last is not None and began <= self._last.began + LONGEST_GAP
        self._last = Look(
            changed=changed,
            began=began,
            # The window reaches further back than this, as it does behind every look.
            since=self._last.since if self._last is not None and unbroken else began - LONGEST_GAP,
        )
        return self._last


def _key_row(access_key_id: str) -> Row:
    return _row(f"KEY#{access_key_id}", "KEY")


def _version_row(subject: str) -> Row:
    return _row(f"SUBJECT#{subject}", "VERSION")


def _row(pk: str, sk: str) -> Row:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _name(item: Mapping[str, Any]) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]


@contextmanager
def _well_formed(item: Item) -> Iterator[None]:
    try:
        yield
    except (KeyError, ValueError) as error:
        raise SourceUnavailableError(
            f"credentials table: item {' '.join(_name(item))} is malformed"
        ) from error


def _key_record(item: Item) -> KeyRecord:
    with _well_formed(item):
        return KeyRecord(
            access_key_id=item["pk"]["S"].removeprefix("KEY#"),
            subject=item["subject"]["S"],
            user_name=item["user_name"]["S"],
            kind=item["kind"]["S"],
            state=item["state"]["S"],
            secret=item["secret"]["B"],
            expires=_moment(item["expires"]["S"]) if "expires" in item else None,
        )


def _version_record(item: Item) -> VersionRecord:
    with _well_formed(item):
        return VersionRecord(item["policy_sha256"]["S"], _moment(item["changed"]["S"]))


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

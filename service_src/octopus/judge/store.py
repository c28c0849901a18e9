"""What the judge reads of the credentials table; it writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from octopus.judge.errors import SourceUnavailableError, source

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

OVERLAP = timedelta(seconds=90)
"""How far back each look at the change log goes: entries of a slow transaction or clock arrive late."""

T = TypeVar("T")


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
class VersionRecord:
    """Which inline policy a principal has been given, and when that last changed."""

    policy_sha256: str
    """Hexadecimal SHA-256 of its canonical JSON; empty when it has none."""
    changed: datetime


class CredentialsTable:
    """Consistent reads of keys, versions and changes."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def key(self, access_key_id: str) -> KeyRecord | None:
        """A key by its id; None when the fabric did not issue it.

        Raises:
            SourceUnavailableError: the table cannot be read, or the item is malformed.
        """
        return self._item(
            f"KEY#{access_key_id}",
            "KEY",
            lambda item: KeyRecord(
                access_key_id=access_key_id,
                subject=item["subject"]["S"],
                user_name=item["user_name"]["S"],
                kind=item["kind"]["S"],
                state=item["state"]["S"],
                secret=item["secret"]["B"],
                expires=_moment(item["expires"]["S"]) if "expires" in item else None,
            ),
        )

    def version(self, subject: str) -> VersionRecord | None:
        """A principal's version row; None for one whose policies the fabric does not write.

        Raises:
            SourceUnavailableError: as for :meth:`key`.
        """
        return self._item(
            f"SUBJECT#{subject}",
            "VERSION",
            lambda item: VersionRecord(item["policy_sha256"]["S"], _moment(item["changed"]["S"])),
        )

    def changes(self, since: datetime, until: datetime) -> dict[str, str]:
        """Entries of the change log: sort key to subject.

        Raises:
            SourceUnavailableError: the table cannot be read.
        """
        return {
            item["sk"]["S"]: item["subject"]["S"]
            for hour in sorted({f"{moment:%Y-%m-%dT%H}" for moment in (since, until)})
            for item in self._changes_of(hour, since)
        }

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

    def _item(self, pk: str, sk: str, read: Callable[[dict[str, Any]], T]) -> T | None:
        with source("credentials table"):
            reply = self._client.get_item(
                TableName=self._table, Key={"pk": {"S": pk}, "sk": {"S": sk}}, ConsistentRead=True
            )
        if "Item" not in reply:
            return None
        try:
            return read(reply["Item"])
        except (KeyError, ValueError) as error:
            raise SourceUnavailableError(f"credentials table: item {pk} {sk} is malformed") from error


class ChangeLog:
    """The change log since the last look, with overlap."""

    def __init__(self, table: CredentialsTable, clock: Callable[[], float]) -> None:
        self._table = table
        self._clock = clock
        self._seen: set[str] = set()

    def changed(self) -> frozenset[str]:
        """Subjects with an entry that was not seen before.

        The window need not reach further back than the overlap, whatever the time since the last look: no
        reading is used for longer than that.

        Raises:
            SourceUnavailableError: the table cannot be read.
        """
        now = datetime.fromtimestamp(self._clock(), UTC)
        entries = self._table.changes(now - OVERLAP, now)
        fresh = frozenset(subject for entry, subject in entries.items() if entry not in self._seen)
        self._seen = set(entries)
        return fresh


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

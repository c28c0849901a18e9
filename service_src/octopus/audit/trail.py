"""Writes events into the registry: with the change that they tell of, or by themselves.

Rows (pk / sk), each with the whole event, ``event`` (S, JSON), and ``ttl``:
    ``AUDIT#<UTC day>`` / ``<time>#<id>``: everything, for operators.
    ``AUDIT#namespace#<namespace>`` / ``<time>#<id>``: for whoever manages the namespace.
    ``AUDIT#subject#<subject>`` / ``<time>#<id>``: for the person whom it concerns.
    ``OUTBOX#audit`` / ``<time>#<id>``: until it is on the system topic (`octopus.audit.publishing`); no ttl.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from octopus import aws
from octopus.audit.events import Event
from octopus.registry.transactions import write_together
from octopus.settings import DeployedSettings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

OUTBOX = "OUTBOX#audit"
ITEMS_AN_EVENT = 4
"""The most items that one event adds to a transaction, of which DynamoDB takes a hundred."""
_RECORDED_AT_ONCE = 100 // ITEMS_AN_EVENT


class Trail:
    """Writes of one registry table's audit."""

    def __init__(self, client: DynamoDBClient, table: str, *, kept_days: int) -> None:
        self._client = client
        self._table = table
        self._kept = timedelta(days=kept_days)

    def items(self, *events: Event) -> list[TransactWriteItemTypeDef]:
        """Items of the transaction that makes the change: either both are there afterwards, or neither."""
        return [item for event in events for item in self._items(event)]

    def record(self, *events: Event) -> None:
        """Write events of what is no change of the registry: each whole; cut short, not all of them."""
        different = list({sort_key_of(event): event for event in events}.values())
        for first in range(0, len(different), _RECORDED_AT_ONCE):
            write_together(self._client, self.items(*different[first : first + _RECORDED_AT_ONCE]))

    def _items(self, event: Event) -> list[TransactWriteItemTypeDef]:
        sort_key = {"S": sort_key_of(event)}
        text = {"S": to_json(event)}
        ttl = {"N": str(int((event.time + self._kept).timestamp()))}
        rows: list[dict[str, Any]] = [
            {"pk": {"S": partition}, "sk": sort_key, "event": text, "ttl": ttl} for partition in _read(event)
        ]
        rows.append({"pk": {"S": OUTBOX}, "sk": sort_key, "event": text})
        return [{"Put": {"TableName": self._table, "Item": row}} for row in rows]


def open_trail(settings: DeployedSettings) -> Trail:
    """The audit of one deployment."""
    return Trail(aws.dynamodb(), settings.registry_table, kept_days=settings.audit_days)


def to_json(event: Event) -> str:
    """One event as the registry holds it."""
    return json.dumps({**asdict(event), "time": event.time.astimezone(UTC).isoformat()}, sort_keys=True)


def from_json(text: str) -> Event:
    """What `to_json` wrote."""
    told = json.loads(text)
    return Event(**{**told, "time": datetime.fromisoformat(told["time"])})


def sort_key_of(event: Event) -> str:
    """By time, to the microsecond, and unique."""
    return f"{event.time.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}#{event.id}"


def day_partition(day: str) -> str:
    """Everything of one day, ``YYYY-MM-DD``."""
    return f"AUDIT#{day}"


def namespace_partition(namespace: str) -> str:
    """Everything of one namespace."""
    return f"AUDIT#namespace#{namespace}"


def subject_partition(subject: str) -> str:
    """Everything of one person."""
    return f"AUDIT#subject#{subject}"


def _read(event: Event) -> list[str]:
    """Partitions from which the event is read."""
    partitions = [day_partition(f"{event.time.astimezone(UTC):%Y-%m-%d}")]
    if event.namespace is not None:
        partitions.append(namespace_partition(event.namespace))
    if event.subject is not None:
        partitions.append(subject_partition(event.subject))
    return partitions

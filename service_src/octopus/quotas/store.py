"""Limits that were set for somebody, and what counts against them, in the registry.

Rows (pk / sk):
    ``QUOTAS`` / ``<subject>``: limits (S, JSON): those of a person that differ from everybody's.
    ``NAMESPACE#<project>`` / ``NAMESPACE``: its attribute ``quotas`` (S, JSON): those of a project.
    ``QUOTAS#over`` / ``<subject or project>``: groups, transactional_ids (N), since (S, ISO-8601 UTC), while
        Kafka holds more of one of them than the limit (`octopus.quotas.census`).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from octopus.errors import NotFoundError
from octopus.quotas.models import Holder, Limit, Limits, OfKafka, Use
from octopus.registry.reading import read_rows, rows_of
from octopus.registry.transactions import ConditionFailedError, write_together
from octopus.topics.models import PROJECT_OWNER

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_OVERRIDES = "QUOTAS"
_OVER = "QUOTAS#over"


@dataclass(frozen=True)
class Held:
    """A holder as the registry has it."""

    holder: Holder
    namespaces: frozenset[str]
    """In which what is his is counted."""
    overrides: Limits
    """Limits that were set for him."""
    over: OfKafka | None
    """What Kafka held when it was found to be over a limit; None while it is not."""


class QuotaStore:
    """Reads and writes of one registry table; every read is consistent."""

    def __init__(self, client: DynamoDBClient, table: str, *, unbounded_partition_bytes: int) -> None:
        """
        Args:
            unbounded_partition_bytes: what a partition counts that no size bounds.
        """
        self._client = client
        self._table = table
        self._unbounded = unbounded_partition_bytes

    def holders(self, namespaces: Collection[str]) -> dict[str, tuple[Holder, Limits]]:
        """Against whose limits each of these namespaces counts that there is, with what was set for him."""
        people = self.people()
        rows = read_rows(self._client, self._table, (_namespace_key(name) for name in namespaces))
        found = {}
        for (pk, _), row in rows.items():
            holder = Holder.of(pk.removeprefix("NAMESPACE#"), row["owner"]["S"])
            limits = _limits(holder, row) if holder.is_project else people.get(holder.name, {})
            found[pk.removeprefix("NAMESPACE#")] = (holder, limits)
        return found

    def overrides(self, holder: Holder) -> Limits:
        """Limits that were set for the holder."""
        return _limits(holder, self._row(_own_key(holder)))

    def read(self, holders: Collection[Holder]) -> dict[Holder, Held]:
        """Each of these holders."""
        rows = read_rows(
            self._client,
            self._table,
            [
                key
                for holder in holders
                for key in (_own_key(holder), _account_key(holder.name), (_OVER, holder.name))
            ],
        )
        return {
            holder: Held(
                holder=holder,
                namespaces=_namespaces(holder, rows.get(_account_key(holder.name))),
                overrides=_limits(holder, rows.get(_own_key(holder))),
                over=_of_kafka(rows.get((_OVER, holder.name))),
            )
            for holder in holders
        }

    def use(self, namespaces: Collection[str]) -> Use:
        """What the topics of these namespaces come to together."""
        total = Use()
        for namespace in namespaces:
            for row in rows_of(self._client, self._table, f"NAMESPACE#{namespace}", "TOPIC#"):
                total += self._use_of_topic(json.loads(row["settings"]["S"]) if "settings" in row else {})
        return total

    def kept_bytes(self, partitions: int, retention_bytes: int | None, cleanup_policy: str | None) -> int:
        """What a topic counts against `Limit.RETENTION_BYTES`.

        Args:
            retention_bytes: of one partition; None where no size bounds it.
            cleanup_policy: as Kafka has it; None for ``delete``.
        """
        # Kafka deletes nothing for its size of a topic that is only compacted: it keeps the last record of
        # each key, however many keys there are.
        unbounded = retention_bytes is None or cleanup_policy == "compact"
        return partitions * (self._unbounded if unbounded else retention_bytes or 0)

    def people(self) -> dict[str, Limits]:
        """Limits that were set for people, by subject."""
        rows = rows_of(self._client, self._table, _OVERRIDES)
        return {row["sk"]["S"]: _limits(Holder(row["sk"]["S"], False), row) for row in rows}

    def set(self, holder: Holder, limits: Limits, audit: Sequence[TransactWriteItemTypeDef]) -> None:
        """These are the holder's own limits now, and everybody's hold for the others.

        Raises:
            NotFoundError: there is no such project.
        """
        pk, sk = _own_key(holder)
        key = {"pk": {"S": pk}, "sk": {"S": sk}}
        text = {"S": json.dumps({str(limit): limits[limit] for limit in sorted(limits)})}
        change: TransactWriteItemTypeDef
        if holder.is_project:
            change = {
                "Update": {
                    "TableName": self._table,
                    "Key": key,
                    "UpdateExpression": "SET quotas = :limits",
                    "ConditionExpression": "#owner = :project",
                    "ExpressionAttributeNames": {"#owner": "owner"},
                    "ExpressionAttributeValues": {":limits": text, ":project": {"S": PROJECT_OWNER}},
                }
            }
        elif limits:
            change = {"Put": {"TableName": self._table, "Item": {**key, "limits": text}}}
        else:
            change = {"Delete": {"TableName": self._table, "Key": key}}
        try:
            write_together(self._client, [change, *audit])
        except ConditionFailedError:
            raise _absent(holder.name) from None

    def over(self) -> dict[str, OfKafka]:
        """Who is over a limit of what only Kafka knows, by the holder's name."""
        found = ((row["sk"]["S"], _of_kafka(row)) for row in rows_of(self._client, self._table, _OVER))
        return {name: of_kafka for name, of_kafka in found if of_kafka is not None}

    def set_over(self, name: str, of_kafka: OfKafka, audit: Sequence[TransactWriteItemTypeDef]) -> None:
        """A holder is over a limit."""
        row = {
            "pk": {"S": _OVER},
            "sk": {"S": name},
            "groups": {"N": str(of_kafka.groups)},
            "transactional_ids": {"N": str(of_kafka.transactional_ids)},
            "since": {"S": datetime.now(UTC).isoformat(timespec="seconds")},
        }
        write_together(self._client, [{"Put": {"TableName": self._table, "Item": row}}, *audit])

    def unset_over(self, name: str) -> None:
        """A holder is over no limit any more."""
        write_together(self._client, [self._delete((_OVER, name))])

    def _row(self, key: tuple[str, str]) -> Mapping[str, Any] | None:
        pk, sk = key
        row = {"pk": {"S": pk}, "sk": {"S": sk}}
        return self._client.get_item(TableName=self._table, Key=row, ConsistentRead=True).get("Item")

    def _use_of_topic(self, settings: Mapping[str, Any]) -> Use:
        partitions = settings.get("partitions") or 1
        kept = self.kept_bytes(partitions, settings.get("retention_bytes"), settings.get("cleanup_policy"))
        return Use(topics=1, partitions=partitions, retention_bytes=kept)

    def _delete(self, key: tuple[str, str]) -> TransactWriteItemTypeDef:
        return {"Delete": {"TableName": self._table, "Key": {"pk": {"S": key[0]}, "sk": {"S": key[1]}}}}


def _own_key(holder: Holder) -> tuple[str, str]:
    """Of the row that has the holder's own limits."""
    return _namespace_key(holder.name) if holder.is_project else (_OVERRIDES, holder.name)


def _namespace_key(namespace: str) -> tuple[str, str]:
    return f"NAMESPACE#{namespace}", "NAMESPACE"


def _account_key(subject: str) -> tuple[str, str]:
    return f"SUBJECT#{subject}", "ACCOUNT"


def _namespaces(holder: Holder, account: Mapping[str, Any] | None) -> frozenset[str]:
    if holder.is_project:
        return frozenset({holder.name})
    return frozenset(account["namespaces"]["SS"]) if account else frozenset()


def _limits(holder: Holder, row: Mapping[str, Any] | None) -> Limits:
    text = (row or {}).get("quotas" if holder.is_project else "limits", {"S": "{}"})["S"]
    return {Limit(name): value for name, value in json.loads(text).items()}


def _of_kafka(row: Mapping[str, Any] | None) -> OfKafka | None:
    if row is None:
        return None
    return OfKafka(groups=int(row["groups"]["N"]), transactional_ids=int(row["transactional_ids"]["N"]))


def _absent(namespace: str) -> NotFoundError:
    return NotFoundError(f"There is no namespace {namespace}")

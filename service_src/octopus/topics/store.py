"""Topics in the registry.

Rows (pk / sk): ``NAMESPACE#<namespace>`` / ``TOPIC#<name>``: state, created, topic_id once Kafka has it; and
``PENDING#topic`` / ``<full name>`` in every state but ``active`` (`octopus.registry.pending`).
The namespace's own row, in the same partition, is written by `octopus.accounts.store`; one consistent
query reads owner and topics together.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from octopus.accounts.models import State as AccountState
from octopus.registry.leases import Lease
from octopus.registry.pending import Pending
from octopus.registry.transactions import ConditionFailedError, write_together
from octopus.topics.models import Namespace, State, TopicRecord
from octopus.topics.names import full_name

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_TOPIC = "TOPIC#"


class NamespaceGoneError(Exception):
    """The namespace is not the owner's, or not in use."""


class TopicStore:
    """Reads and writes of one registry table; every read is consistent."""

    def __init__(self, client: DynamoDBClient, table: str, *, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._table = table
        self.pending = Pending(client, table, "topic", clock=clock)

    def read(self, namespace: str) -> Namespace | None:
        """The namespace with its topics; None when nobody owns one of that name."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            ConsistentRead=True,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": f"NAMESPACE#{namespace}"}},
        )
        rows: dict[str, dict[str, Any]] = {
            item["sk"]["S"]: dict(item) for page in pages for item in page["Items"]
        }
        own = rows.get("NAMESPACE")
        if own is None:
            return None
        topics = {
            sk.removeprefix(_TOPIC): TopicRecord(
                name=sk.removeprefix(_TOPIC),
                state=State(row["state"]["S"]),
                topic_id=row["topic_id"]["S"] if "topic_id" in row else None,
            )
            for sk, row in rows.items()
            if sk.startswith(_TOPIC)
        }
        return Namespace(namespace, own["owner"]["S"], AccountState(own["state"]["S"]), topics)

    def put(
        self, owner: str, namespace: str, topic: TopicRecord, lease: Lease, *, while_creating: bool = False
    ) -> None:
        """Record the topic, provided that the namespace still is the owner's and in use.

        Args:
            while_creating: the account itself is still being created.

        Raises:
            NamespaceGoneError: it is not; nothing was written.
        """
        names = {"#state": "state"}
        values: dict[str, Any] = {":state": {"S": topic.state}, ":now": {"S": _now()}}
        change = "SET #state = :state, created = if_not_exists(created, :now)"
        if topic.topic_id is not None:
            values[":id"] = {"S": topic.topic_id}
            change += ", topic_id = :id"
        update: TransactWriteItemTypeDef = {
            "Update": {
                "TableName": self._table,
                "Key": _topic_row(namespace, topic.name),
                "UpdateExpression": change,
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": values,
            }
        }
        in_use: TransactWriteItemTypeDef = {
            "ConditionCheck": {
                "TableName": self._table,
                "Key": {"pk": {"S": f"NAMESPACE#{namespace}"}, "sk": {"S": "NAMESPACE"}},
                "ConditionExpression": "#owner = :owner AND #state = :wanted",
                "ExpressionAttributeNames": {"#owner": "owner", "#state": "state"},
                "ExpressionAttributeValues": {
                    ":owner": {"S": owner},
                    ":wanted": {"S": AccountState.CREATING if while_creating else AccountState.ACTIVE},
                },
            }
        }
        name = full_name(namespace, topic.name)
        settled = topic.state is State.ACTIVE
        pending = self.pending.ended(name) if settled else self.pending.begun(name)
        try:
            write_together(self._client, [in_use, update, pending, lease.check()])
        except ConditionFailedError as failed:
            if 0 in failed.positions:
                raise NamespaceGoneError(namespace) from None
            raise

    def remove(self, namespace: str, topic: str, lease: Lease) -> None:
        """Forget the topic."""
        deletion: TransactWriteItemTypeDef = {
            "Delete": {"TableName": self._table, "Key": _topic_row(namespace, topic)}
        }
        ended = self.pending.ended(full_name(namespace, topic))
        write_together(self._client, [deletion, ended, lease.check()])

    def end(self, name: str, lease: Lease) -> None:
        """Note that nothing of a topic, given by its full name, is half-done any more."""
        write_together(self._client, [self.pending.ended(name), lease.check()])


def _topic_row(namespace: str, topic: str) -> dict[str, Any]:
    return {"pk": {"S": f"NAMESPACE#{namespace}"}, "sk": {"S": f"{_TOPIC}{topic}"}}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

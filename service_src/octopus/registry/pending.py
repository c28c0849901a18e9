"""What was begun and has not ended: found again by whoever comes after a replica that died.

Row of the registry: pk ``PENDING#<kind>``, sk ``<name>``: due (N, s since epoch), since (S, ISO-8601 UTC),
token (S, another with each beginning).
It is written in the transaction that begins a change and deleted in the one that ends it, so that what is
half-done can be read from one partition, without a scan.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import structlog

from octopus.errors import UnavailableError
from octopus.registry.leases import LIFE_S, TurnTakenError
from octopus.registry.reading import read_rows

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef


AGAIN_S = 30.0
"""How long a change rests that could not be completed: a dependency is away, or a request is at it."""
OTHERS_AGAIN_S = 20.0
"""How long it rests for other replicas: what is away may be away for this one alone, and whoever wrote down
the time looks again soonest after it: without a start the others would hardly ever have their turn."""

_log = structlog.get_logger(__name__)


class Pending:
    """Changes of one kind of thing (``account``, ``topic``) that are under way."""

    def __init__(
        self,
        client: DynamoDBClient,
        table: str,
        kind: str,
        *,
        turn_again_s: float = AGAIN_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """
        Args:
            turn_again_s: how long a change rests whose turn others had.
        """
        self._client = client
        self._table = table
        self._partition = f"PENDING#{kind}"
        self._turn_again_s = turn_again_s
        self._clock = clock
        self._left_to_others: dict[tuple[str, str], float] = {}
        """Until when, by the name and the token of what could not be done here."""

    def begun(self, name: str, *, due_in_s: float = LIFE_S) -> TransactWriteItemTypeDef:
        """Item of the transaction that begins a change.

        Args:
            due_in_s: seconds until somebody else may go on with it; by default, those after which a holder
                of a lease is known to be dead.
        """
        return {
            "Put": {
                "TableName": self._table,
                "Item": {
                    **self._row(name),
                    "due": {"N": self._after(due_in_s)},
                    "since": {"S": datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="seconds")},
                    "token": {"S": uuid.uuid4().hex},
                },
            }
        }

    def first(self, name: str) -> TransactWriteItemTypeDef:
        """As `begun`; the transaction fails when something of this name is pending already."""
        item = self.begun(name)
        item["Put"]["ConditionExpression"] = "attribute_not_exists(pk)"
        return item

    def ended(self, name: str) -> TransactWriteItemTypeDef:
        """Item of the transaction that ends it; one that was never begun is as good."""
        return {"Delete": {"TableName": self._table, "Key": self._row(name)}}

    def token(self, name: str) -> str | None:
        """Tells this beginning of a change from a later one of that name; None when nothing is pending."""
        reply = self._client.get_item(TableName=self._table, Key=self._row(name), ConsistentRead=True)
        return reply["Item"]["token"]["S"] if "Item" in reply else None

    def end(self, name: str, token: str) -> None:
        """End what was begun with this token; what was begun anew meanwhile stays pending."""
        try:
            self._client.delete_item(
                TableName=self._table,
                Key=self._row(name),
                # "token" is one of DynamoDB's reserved words.
                ConditionExpression="#token = :token",
                ExpressionAttributeNames={"#token": "token"},
                ExpressionAttributeValues={":token": {"S": token}},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def any_of(self, names: Iterable[str]) -> bool:
        """Whether a change of one of these names is pending, due or not."""
        return bool(read_rows(self._client, self._table, ((self._partition, name) for name in names)))

    def due(self) -> list[str]:
        """Names of the changes that somebody should go on with now, what has been due longest first."""
        return [name for name, _ in self._due()]

    def _due(self) -> list[tuple[str, str]]:
        """The same, each with the token of its beginning."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            ConsistentRead=True,
            KeyConditionExpression="pk = :pk",
            FilterExpression="due <= :now",
            ExpressionAttributeValues={
                ":pk": {"S": self._partition},
                ":now": {"N": self._after(0)},
            },
        )
        found = [
            (float(item["due"]["N"]), item["sk"]["S"], item["token"]["S"])
            for page in pages
            for item in page["Items"]
        ]
        return [(name, token) for _, name, token in sorted(found)]

    def work_off(self, go_on: Callable[[str], None]) -> None:
        """Have ``go_on`` complete each change that is due; one that cannot be is tried again later.

        By other replicas sooner than by this one: it may be the only one that cannot.
        """
        for name, token in self._due():
            if self._clock() < self._left_to_others.get((name, token), 0):
                continue
            if not self._attempted(name, go_on, again_s=OTHERS_AGAIN_S):
                now = self._clock()
                lasting = {each: until for each, until in self._left_to_others.items() if until > now}
                self._left_to_others = {**lasting, (name, token): now + AGAIN_S}

    def attempt(self, name: str, go_on: Callable[[str], None]) -> None:
        """Have ``go_on`` complete one change; if it cannot be, it is tried again later."""
        self._attempted(name, go_on, again_s=AGAIN_S)

    def _attempted(self, name: str, go_on: Callable[[str], None], *, again_s: float) -> bool:
        """Whether nothing was in the way but somebody else's turn."""
        try:
            go_on(name)
        except UnavailableError as away:
            # A request is at it, or a dependency is away: nothing that anybody must look into.
            _log.info("pending.postponed", pending=f"{self._partition}/{name}", reason=away.message)
            taken = isinstance(away, TurnTakenError)
            self.postpone(name, due_in_s=self._turn_again_s if taken else again_s)
            return taken
        except Exception as error:  # noqa: BLE001 - one that fails must not keep the others from being done
            _log.warning("pending.not_done", pending=f"{self._partition}/{name}", reason=str(error)[:200])
            self.postpone(name, due_in_s=again_s)
            return False
        return True

    def postpone(self, name: str, *, due_in_s: float) -> None:
        """Leave a change that could not be gone on with for later, unless it has ended meanwhile."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key=self._row(name),
                UpdateExpression="SET due = :due",
                ConditionExpression="attribute_exists(pk)",
                ExpressionAttributeValues={":due": {"N": self._after(due_in_s)}},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def _after(self, seconds: float) -> str:
        return f"{self._clock() + seconds:.3f}"

    def _row(self, name: str) -> dict[str, Any]:
        return {"pk": {"S": self._partition}, "sk": {"S": name}}

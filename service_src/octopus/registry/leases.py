"""One change of a thing at a time, over all replicas of the service.

A lease is a row that its holder writes by condition and deletes when done; a holder that died is
outlived. Holding one is a courtesy, not a proof: every transaction made under a lease also checks that
it is still held (`Lease.check`), and the steps outside the registry that cannot be taken back are made
within a few calls after the lease was renewed (`Lease.renew`): only a holder that was stopped for its
whole life between those calls still changes something.

Row of the registry: pk ``LEASE#<name>``, sk ``LEASE``: holder (S), until (N, s since epoch), ttl (N).
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import structlog
from botocore.exceptions import BotoCoreError, ClientError
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_random

from octopus.errors import UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

LIFE_S = 40
"""Longer than any request may take, so that only a dead holder is outlived."""
PATIENCE_S = 8.0
"""How long a request waits for its turn."""

_log = structlog.get_logger(__name__)


class TurnTakenError(UnavailableError):
    """Others had the turn all the time that it was waited for; nothing was done."""


class Lease:
    """A turn that this request has."""

    def __init__(
        self, client: DynamoDBClient, *, table: str, name: str, holder: str, clock: Callable[[], float]
    ) -> None:
        self._client = client
        self._table = table
        self._name = name
        self._holder = holder
        self._clock = clock

    def check(self) -> TransactWriteItemTypeDef:
        """Item of a transaction that makes the whole fail when the turn was lost meanwhile."""
        return {
            "ConditionCheck": {
                "TableName": self._table,
                "Key": _row(self._name),
                "ConditionExpression": "holder = :holder",
                "ExpressionAttributeValues": {":holder": {"S": self._holder}},
            }
        }

    def renew(self) -> None:
        """The turn is still this request's, and lasts a whole life from now.

        Raises:
            UnavailableError: another request has it by now.
        """
        try:
            self._client.update_item(
                TableName=self._table,
                Key=_row(self._name),
                UpdateExpression="SET #until = :until",
                ConditionExpression="holder = :holder",
                ExpressionAttributeNames={"#until": "until"},
                ExpressionAttributeValues={
                    ":holder": {"S": self._holder},
                    ":until": {"N": str(int(self._clock()) + LIFE_S)},
                },
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            raise UnavailableError(f"The turn to change {self._name} was lost: try again") from None


class Leases:
    """Leases of one registry table."""

    def __init__(self, client: DynamoDBClient, table: str, *, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    @contextmanager
    def hold(self, name: str, *, patience_s: float = PATIENCE_S) -> Iterator[Lease]:
        """The turn to change ``name`` (``account <subject>``, ``topic <full name>``), until the block ends.

        Raises:
            TurnTakenError: others had it all the time; nothing was done.
        """
        holder = uuid.uuid4().hex
        attempts = Retrying(
            retry=retry_if_result(lambda taken: not taken),
            wait=wait_random(0.02, 0.2),
            stop=stop_after_delay(patience_s),
            retry_error_callback=lambda _state: False,
        )
        if not attempts(self._take, name, holder):
            raise TurnTakenError(f"Another change of {name} is under way: nothing was done, try again")
        try:
            yield Lease(self._client, table=self._table, name=name, holder=holder, clock=self._clock)
        finally:
            self._release(name, holder)

    def _take(self, name: str, holder: str) -> bool:
        now = int(self._clock())
        try:
            self._client.put_item(
                TableName=self._table,
                Item={
                    **_row(name),
                    "holder": {"S": holder},
                    "until": {"N": str(now + LIFE_S)},
                    "ttl": {"N": str(now + 3600)},
                },
                # An attempt that timed out may have been done: taking one's own lease again is taking it.
                ConditionExpression="attribute_not_exists(pk) OR #until < :now OR holder = :holder",
                ExpressionAttributeNames={"#until": "until"},
                ExpressionAttributeValues={":now": {"N": str(now)}, ":holder": {"S": holder}},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _release(self, name: str, holder: str) -> None:
        try:
            self._client.delete_item(
                TableName=self._table,
                Key=_row(name),
                ConditionExpression="holder = :holder",
                ExpressionAttributeValues={":holder": {"S": holder}},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            _log.warning("lease.lost", lease=name)
        except (BotoCoreError, ClientError) as error:
            # It ends by itself; what the request did stands, and its answer must not change for this.
            _log.warning("lease.not_released", lease=name, reason=type(error).__name__)


def _row(name: str) -> dict[str, Any]:
    return {"pk": {"S": f"LEASE#{name}"}, "sk": {"S": "LEASE"}}

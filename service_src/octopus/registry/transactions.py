"""Several DynamoDB items that are written together or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from botocore.exceptions import BotoCoreError, ClientError
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from octopus.errors import OctopusError, UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_CONFLICT_PATIENCE_S = 5.0
_PASSING = frozenset({"ProvisionedThroughputExceeded", "ThrottlingError", "TransactionConflict"})
"""Reasons of a cancelled transaction that say "not now"; botocore tries none of them again by itself."""

OVERTAKEN = "Another change came in between, and this one is done in part or not at all: call again to finish"
"""What a `ConditionFailedError` that nobody foresaw means to a caller: mostly, a turn was lost."""


class ConditionFailedError(Exception):
    """Nothing was written, because a condition did not hold.

    Attributes:
        positions: positions, in the list that was given, of the items whose condition failed.
    """

    def __init__(self, positions: Sequence[int]) -> None:
        super().__init__(f"conditions of items {list(positions)} did not hold")
        self.positions = tuple(positions)


CUT_SHORT = (OctopusError, ConditionFailedError, BotoCoreError, ClientError)
"""What may end a change in its middle: a dependency that is away or refuses, or a lease that was lost."""


class _ConflictError(Exception):
    """Not at this moment: another transaction holds one of the items, or the table is throttled."""


def write_together(client: DynamoDBClient, items: Sequence[TransactWriteItemTypeDef]) -> None:
    """All items are written, or none.

    A time-out is safe: botocore sends one request token with every attempt, and DynamoDB does the
    same request once.

    Raises:
        ConditionFailedError: a condition did not hold.
        UnavailableError: others kept writing the same items, or the table kept throttling, for five seconds.
    """
    attempts = Retrying(
        retry=retry_if_exception_type(_ConflictError),
        wait=wait_random_exponential(multiplier=0.02, max=0.5),
        stop=stop_after_delay(_CONFLICT_PATIENCE_S),
        reraise=True,
    )
    try:
        attempts(_attempt, client, items)
    except _ConflictError:
        raise UnavailableError("The registry is busy with this record: nothing was done, try again") from None


def _attempt(client: DynamoDBClient, items: Sequence[TransactWriteItemTypeDef]) -> None:
    try:
        client.transact_write_items(TransactItems=items)
    except client.exceptions.TransactionInProgressException:
        raise _ConflictError from None
    except client.exceptions.TransactionCanceledException as cancelled:
        codes = cancellation_codes(cancelled)
        failed = [position for position, code in enumerate(codes) if code == "ConditionalCheckFailed"]
        if failed:
            raise ConditionFailedError(failed) from None
        if _PASSING.intersection(codes):
            raise _ConflictError from None
        raise


def cancellation_codes(cancelled: ClientError) -> list[str]:
    """Why each item of a cancelled transaction was refused; ``None`` (the text) where it was not."""
    reasons = cast("list[dict[str, str]]", cancelled.response.get("CancellationReasons", []))
    return [reason.get("Code", "None") for reason in reasons]

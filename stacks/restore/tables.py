"""Tables of DynamoDB: one restored beside another, and the other made equal to it, row by row."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from stacks.first_day.account import Account

TABLES = ("registry", "credentials")
"""They say together who may do what, and are only ever restored to the same second."""
STAYING = ("AUDIT#", "OUTBOX#", "POSITION#", "LEASE#", "USE#", "STATUS")
"""Partitions that are left as they are: what happened, how far it was told, who is at work, when keys were
used, what works now. None of it says who may do what, and by what happened since the operator goes on."""
_AT_ONCE = 25
"""Rows in one request, by DynamoDB's limit."""
_PAUSE_S = 0.2
_WAIT = {"Delay": 20, "MaxAttempts": 1080}
"""Six hours: AWS promises no time, and large tables take several."""

Row = Mapping[str, Any]
Key = tuple[str, str]


@dataclass(frozen=True)
class Difference:
    """What makes a table equal to another."""

    put: Sequence[Row]
    """Rows that are missing or were other ones."""
    delete: Sequence[Key]
    """Rows that were not there."""
    same: int
    staying: int
    """Rows of the partitions that are left as they are."""

    def __bool__(self) -> bool:
        return bool(self.put or self.delete)


def restored_name(table: str) -> str:
    """Return the name of the table that is restored beside ``table``."""
    return f"{table}-restored"


def restorable(account: Account, table: str) -> tuple[datetime, datetime]:
    """Return from when to when a table can be restored.

    Raises:
        RuntimeError: its point-in-time recovery is off.
    """
    found = account.client("dynamodb").describe_continuous_backups(TableName=table)
    recovery = found["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
    if recovery.get("PointInTimeRecoveryStatus") != "ENABLED":
        raise RuntimeError(f"{table} cannot be restored: its point-in-time recovery is off")
    return recovery["EarliestRestorableDateTime"], recovery["LatestRestorableDateTime"]


def restore_beside(account: Account, table: str, moment: datetime) -> None:
    """Begin to restore a table, as it was at a moment, beside itself."""
    account.client("dynamodb").restore_table_to_point_in_time(
        SourceTableName=table, TargetTableName=restored_name(table), RestoreDateTime=moment
    )


def await_table(account: Account, table: str) -> None:
    """Return when a table can be read.

    Raises:
        WaiterError: not within six hours.
    """
    account.client("dynamodb").get_waiter("table_exists").wait(TableName=table, WaiterConfig=_WAIT)


def exists(account: Account, table: str) -> bool:
    """Return whether there is such a table, restored wholly or not yet."""
    database = account.client("dynamodb")
    try:
        database.describe_table(TableName=table)
    except database.exceptions.ResourceNotFoundException:
        return False
    return True


def difference(account: Account, table: str) -> Difference:
    """Return what makes a table equal to the one that was restored beside it."""
    then = {_key(row): row for row in _rows(account, restored_name(table))}
    now = {_key(row): row for row in _rows(account, table)}
    staying = sum(1 for key in now if _stays(key))
    put = [row for key, row in then.items() if not _stays(key) and now.get(key) != row]
    delete = [key for key in now if not _stays(key) and key not in then]
    same = len(now) - staying - len(delete) - sum(1 for row in put if _key(row) in now)
    return Difference(put=put, delete=delete, same=same, staying=staying)


def apply(account: Account, table: str, changes: Difference) -> None:
    """Make the changes; done again after an interruption, it ends the same."""
    requests: list[dict[str, Any]] = [{"PutRequest": {"Item": row}} for row in changes.put]
    requests += [{"DeleteRequest": {"Key": {"pk": {"S": pk}, "sk": {"S": sk}}}} for pk, sk in changes.delete]
    database = account.client("dynamodb")
    for first in range(0, len(requests), _AT_ONCE):
        left: Any = {table: requests[first : first + _AT_ONCE]}
        while left:
            left = database.batch_write_item(RequestItems=left)["UnprocessedItems"]
            if left:
                time.sleep(_PAUSE_S)  # DynamoDB asks for less


def delete_restored(account: Account, table: str) -> None:
    """Delete the table that was restored beside another."""
    account.client("dynamodb").delete_table(TableName=restored_name(table))


def _rows(account: Account, table: str) -> Iterator[Row]:
    pages = account.client("dynamodb").get_paginator("scan")
    for page in pages.paginate(TableName=table, ConsistentRead=True):
        yield from page["Items"]


def _key(row: Row) -> Key:
    return row["pk"]["S"], row["sk"]["S"]


def _stays(key: Key) -> bool:
    return key[0].startswith(STAYING)

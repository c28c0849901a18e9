"""The registry's two tables."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from stacks.first_day.account import Account
from stacks.first_day.left.leftover import Leftover

NAMES = ("registry", "credentials")


def find(account: Account, live: frozenset[str]) -> Iterator[Leftover]:
    """Yield each table that no live stack has."""
    dynamodb = account.client("dynamodb")
    for what in NAMES:
        name = account.settings.named(what)
        if name in live:
            continue
        try:
            # The number of items that a description has is hours old.
            items = dynamodb.scan(TableName=name, Limit=1, Select="COUNT")["Count"]
        except dynamodb.exceptions.ResourceNotFoundException:
            continue
        yield Leftover(
            kind="table",
            name=name,
            holds_data=items > 0,
            cost="about 0.25 USD a GB, and its backups",
            remove=partial(_remove, account, name),
        )


def _remove(account: Account, name: str) -> None:
    dynamodb = account.client("dynamodb")
    if dynamodb.describe_table(TableName=name)["Table"].get("DeletionProtectionEnabled"):
        dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
        dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 2})
    dynamodb.delete_table(TableName=name)
    dynamodb.get_waiter("table_not_exists").wait(TableName=name, WaiterConfig={"Delay": 2})

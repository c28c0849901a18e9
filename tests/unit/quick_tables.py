"""Moto's tables at work on the rows that a request is about, rather than on all that they hold.

Moto copies a table whole for each operation of a transaction, so as to put it back when one fails, and sorts
it whole for each query. What a test sees is the same without, in half of the time.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pytest
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

_transact, _query = DynamoDBBackend.transact_write_items, Table.query


def make_quick(patch: pytest.MonkeyPatch) -> None:
    """As long as the patch lasts."""
    patch.setattr(DynamoDBBackend, "transact_write_items", _transact_on_few)
    patch.setattr(Table, "query", _query_one_partition)


def _transact_on_few(backend: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
    operations = [operation for item in transact_items for operation in item.values()]

    def copied(table: Table, memo: dict[int, Any]) -> Table:
        """A table that keeps its rows as they are now, though the transaction changes those it names."""
        result = copy.copy(table)
        result.items = defaultdict(dict, {key: dict(rows) for key, rows in table.items.items()})
        memo[id(table)] = result
        for operation in operations:
            if operation.get("TableName") == table.name:
                pk, sk = _key(table, operation.get("Key") or operation["Item"])
                if sk in result.items.get(pk, {}):
                    result.items[pk][sk] = copy.deepcopy(result.items[pk][sk])
        return result

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Table, "__deepcopy__", copied, raising=False)
        _transact(backend, transact_items)


def _query_one_partition(table: Table, hash_key: Any, *arguments: Any, **named: Any) -> Any:
    if named.get("index_name"):
        return _query(table, hash_key, *arguments, **named)
    whole = table.items
    table.items = defaultdict(dict, {hash_key: whole[hash_key]} if hash_key in whole else {})
    try:
        return _query(table, hash_key, *arguments, **named)
    finally:
        table.items = whole


def _key(table: Table, attributes: Mapping[str, Any]) -> tuple[DynamoType, DynamoType]:
    return DynamoType(attributes[table.hash_key_attr]), DynamoType(attributes[str(table.range_key_attr)])

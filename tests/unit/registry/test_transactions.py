"""Items that are written together or not at all."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.stub import Stubber

from octopus.registry.transactions import ConditionFailedError, write_together


def put(table: str, key: str, **conditions: Any) -> Any:
    return {"Put": {"TableName": table, "Item": {"pk": {"S": key}, "sk": {"S": key}}, **conditions}}


def test_failed_condition_writes_nothing_and_names_its_position(database: Any, table: str) -> None:
    write_together(database, [put(table, "old")])

    with pytest.raises(ConditionFailedError) as refused:
        write_together(
            database,
            [put(table, "new"), put(table, "old", ConditionExpression="attribute_not_exists(pk)")],
        )

    assert refused.value.positions == (1,)
    keys = [item["pk"]["S"] for item in database.scan(TableName=table)["Items"]]
    assert keys == ["old"]


@pytest.mark.parametrize(
    "reason", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"]
)
def test_transaction_that_cannot_be_done_now_is_tried_again(database: Any, table: str, reason: str) -> None:
    with Stubber(database) as stub:
        stub.add_client_error(
            "transact_write_items",
            "TransactionCanceledException",
            modeled_fields={"CancellationReasons": [{"Code": "None"}, {"Code": reason}]},
        )
        stub.add_response("transact_write_items", {})

        write_together(database, [put(table, "new")])

        stub.assert_no_pending_responses()

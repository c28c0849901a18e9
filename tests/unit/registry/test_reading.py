"""Rows are read whole, whatever DynamoDB's bounds of one answer are."""

from __future__ import annotations

from typing import Any

import pytest

from octopus.errors import UnavailableError
from octopus.registry import reading
from octopus.registry.reading import read_rows, rows_of


@pytest.fixture
def rows(database: Any, table: str) -> list[tuple[str, str]]:
    """Keys of 230 rows in one partition."""
    keys = [("p", f"{number:03}") for number in range(230)]
    for pk, sk in keys:
        database.put_item(TableName=table, Item={"pk": {"S": pk}, "sk": {"S": sk}, "n": {"S": sk}})
    return keys


class Sparing:
    """A client that answers a few keys at a time."""

    def __init__(self, client: Any, at_once: int) -> None:
        self._client = client
        self._at_once = at_once

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> Any:  # noqa: N803 - boto3's
        ((table, asked),) = RequestItems.items()
        answered, left = asked["Keys"][: self._at_once], asked["Keys"][self._at_once :]
        reply = (
            self._client.batch_get_item(RequestItems={table: {**asked, "Keys": answered}})
            if answered
            else {"Responses": {}}
        )
        return {**reply, "UnprocessedKeys": {table: {"Keys": left}} if left else {}}


def test_more_rows_than_one_answer_holds_are_read_and_missing_ones_left_out(
    database: Any, table: str, rows: list[tuple[str, str]]
) -> None:
    found = read_rows(database, table, [*rows, *rows, ("p", "none")])

    assert sorted(found) == rows
    assert found["p", "007"]["n"] == {"S": "007"}


def test_keys_that_dynamodb_leaves_are_asked_for_again(
    database: Any, table: str, rows: list[tuple[str, str]]
) -> None:
    assert sorted(read_rows(Sparing(database, 60), table, rows)) == rows  # type: ignore[arg-type]


def test_table_that_keeps_throttling_is_said_to_be_busy(
    database: Any, table: str, rows: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_PATIENCE_S", 0.1)

    with pytest.raises(UnavailableError, match="nothing was done"):
        read_rows(Sparing(database, 0), table, rows)  # type: ignore[arg-type]


def test_rows_of_a_partition_are_those_that_begin_so(
    database: Any, table: str, rows: list[tuple[str, str]]
) -> None:
    assert [row["sk"]["S"] for row in rows_of(database, table, "p", "22")] == [f"22{n}" for n in range(10)]
    assert len(list(rows_of(database, table, "p"))) == len(rows)
    assert list(rows_of(database, table, "q")) == []

"""What the judge reads and writes in a real table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from octopus.judge.store import LONGEST_GAP, MOST_SKEW, WATCH_GAP, ChangeLog, CredentialsTable, Use

NOW = datetime(2026, 11, 22, 5, 59, 30, tzinfo=UTC)


@pytest.fixture
def credentials(database: Any, table: str) -> CredentialsTable:
    return CredentialsTable(database, table)


@pytest.mark.parametrize(
    "ahead",
    [timedelta(0), MOST_SKEW, -MOST_SKEW, -MOST_SKEW - timedelta(seconds=LONGEST_GAP)],
    ids=["same clock", "fast, in the next hour", "slow", "slow, after a gap"],
)
def test_change_is_seen_whatever_the_clock_of_its_writer(
    credentials: CredentialsTable, database: Any, table: str, ahead: timedelta
) -> None:
    written = NOW + ahead
    database.put_item(
        TableName=table,
        Item={
            "pk": {"S": f"CHANGES#{written:%Y-%m-%dT%H}"},
            "sk": {"S": f"{written.isoformat(timespec='microseconds')}#alice"},
            "subject": {"S": "alice"},
        },
    )

    look = ChangeLog(credentials, clock=NOW.timestamp, monotonic=lambda: 1000.0).look()

    assert look.changed == {"alice"}


def last_use(database: Any, table: str) -> dict[str, Any]:
    key = {"pk": {"S": "USE#AKIA1"}, "sk": {"S": "USE"}}
    item: dict[str, Any] = database.get_item(TableName=table, Key=key)["Item"]
    return item


@pytest.fixture
def known_key(database: Any, table: str) -> None:
    """The key that is used is one of the fabric's."""
    database.put_item(TableName=table, Item={"pk": {"S": "KEY#AKIA1"}, "sk": {"S": "KEY"}})


@pytest.mark.usefixtures("known_key")
def test_earlier_use_never_replaces_a_later_one(
    credentials: CredentialsTable, database: Any, table: str
) -> None:
    for minutes in (1, 3, 2, 3):
        credentials.write_last_use("AKIA1", Use(NOW + timedelta(minutes=minutes), None))
    assert last_use(database, table)["last_used"] == {"S": "2026-11-22T06:02:30+00:00"}


def test_use_of_a_key_that_is_forgotten_leaves_nothing(
    credentials: CredentialsTable, database: Any, table: str
) -> None:
    credentials.write_last_use("AKIA1", Use(NOW, None))

    assert database.scan(TableName=table)["Items"] == []


@pytest.mark.usefixtures("known_key")
@pytest.mark.parametrize("end", [None, NOW + timedelta(minutes=15)])
def test_use_of_a_key_with_an_end_is_cleared_away_after_it(
    credentials: CredentialsTable, database: Any, table: str, end: datetime | None
) -> None:
    credentials.write_last_use("AKIA1", Use(NOW, end))
    ttl = last_use(database, table).get("ttl")
    if end is None:
        assert ttl is None
    else:
        assert ttl is not None
        assert int(ttl["N"]) > end.timestamp()


def test_watch_goes_on_until_there_is_a_gap(credentials: CredentialsTable, database: Any, table: str) -> None:
    key = {"pk": {"S": "USE#judge"}, "sk": {"S": "USE"}}

    def watched() -> list[datetime]:
        item = database.get_item(TableName=table, Key=key)["Item"]
        return [datetime.fromisoformat(item[name]["S"]) for name in ("since", "until")]

    credentials.write_watch(NOW)
    credentials.write_watch(NOW + WATCH_GAP)
    assert watched() == [NOW, NOW + WATCH_GAP]
    late = NOW + 2 * WATCH_GAP + timedelta(seconds=1)
    credentials.write_watch(late)
    assert watched() == [late, late]

"""What the judge reads and writes in a real table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from octopus.judge.store import LONGEST_GAP, MOST_SKEW, ChangeLog, CredentialsTable

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

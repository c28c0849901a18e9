"""What ends is found on its day, before and after, without a look at anything else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from octopus.registry.ends import End, EndKind, Ends
from octopus.registry.transactions import write_together

START = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now.timestamp()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ends(database: Any, table: str, clock: Clock) -> Ends:
    return Ends(database, table, clock=clock)


def end(name: str, *, hours: float, kind: EndKind = EndKind.PROJECT) -> End:
    return End(kind, name, START + timedelta(hours=hours))


def test_end_is_over_from_its_moment_on_until_it_is_dealt_with(
    ends: Ends, database: Any, clock: Clock
) -> None:
    soon, later = end("soon", hours=1), end("later", hours=2)
    write_together(database, [ends.set(soon), ends.set(later)])
    assert list(ends.over(EndKind.PROJECT)) == []

    clock.now += timedelta(hours=1)
    assert list(ends.over(EndKind.PROJECT)) == [soon]
    assert list(ends.over(EndKind.PROJECT)) == [soon]
    write_together(database, [ends.unset(soon)])

    assert list(ends.over(EndKind.PROJECT)) == []


def test_ends_of_days_on_which_nobody_looked_are_found(ends: Ends, database: Any, clock: Clock) -> None:
    list(ends.over(EndKind.PROJECT))
    missed = [end(f"project-{day}", hours=24 * day) for day in (1, 5, 9)]
    write_together(database, [ends.set(one) for one in missed])

    clock.now += timedelta(days=10)

    assert list(ends.over(EndKind.PROJECT)) == missed


def test_days_of_which_nothing_is_left_are_not_looked_at_again(
    ends: Ends, database: Any, table: str, clock: Clock
) -> None:
    list(ends.over(EndKind.PROJECT))
    left = end("left", hours=24 * 3)
    write_together(database, [ends.set(left)])
    clock.now += timedelta(days=10)
    assert list(ends.over(EndKind.PROJECT)) == [left]
    assert list(ends.over(EndKind.PROJECT)) == [left], "a day on which something is left was passed over"
    write_together(database, [ends.unset(left)])
    list(ends.over(EndKind.PROJECT))

    row = database.get_item(TableName=table, Key={"pk": {"S": "ENDS"}, "sk": {"S": "project"}})["Item"]

    assert row["day"]["S"] == "2026-12-02"


def test_kinds_are_apart(ends: Ends, database: Any, clock: Clock) -> None:
    write_together(database, [ends.set(end("one", hours=1, kind=EndKind.GRANT))])
    clock.now += timedelta(days=1)

    assert list(ends.over(EndKind.PROJECT)) == []
    assert len(list(ends.over(EndKind.GRANT))) == 1


def test_ends_of_the_next_days_are_told_ahead(ends: Ends, database: Any) -> None:
    within, beyond = end("within", hours=24 * 14), end("beyond", hours=24 * 15)
    write_together(database, [ends.set(within), ends.set(beyond)])

    assert list(ends.within(EndKind.PROJECT, 14)) == [within]

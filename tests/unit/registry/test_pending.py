"""What was begun is found again once it is due, until it has ended."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from octopus.errors import UnavailableError
from octopus.registry.leases import LIFE_S, TurnTakenError
from octopus.registry.pending import AGAIN_S, OTHERS_AGAIN_S, Pending
from octopus.registry.transactions import write_together


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pending(database: Any, table: str, clock: Clock) -> Pending:
    return Pending(database, table, "topic", clock=clock)


def test_change_is_due_when_its_beginner_must_be_dead(pending: Pending, database: Any, clock: Clock) -> None:
    write_together(database, [pending.begun("ns-1.events")])
    assert pending.due() == []

    clock.now += LIFE_S

    assert pending.due() == ["ns-1.events"]


def test_change_that_ended_is_due_no_more(pending: Pending, database: Any) -> None:
    write_together(database, [pending.begun("ns-1.events", due_in_s=0)])

    write_together(database, [pending.ended("ns-1.events")])

    assert pending.due() == []


def test_change_of_another_kind_is_not_shown(pending: Pending, database: Any, table: str) -> None:
    write_together(database, [Pending(database, table, "account").begun("somebody", due_in_s=0)])

    assert pending.due() == []


def test_postponed_change_is_due_later(pending: Pending, database: Any, clock: Clock) -> None:
    write_together(database, [pending.begun("ns-1.events", due_in_s=0)])

    pending.postpone("ns-1.events", due_in_s=30)

    assert pending.due() == []
    clock.now += 30
    assert pending.due() == ["ns-1.events"]


def test_postponing_what_has_ended_begins_nothing(pending: Pending, clock: Clock) -> None:
    pending.postpone("ns-1.events", due_in_s=0)

    assert pending.due() == []


@pytest.mark.parametrize(
    ("error", "event"),
    [(UnavailableError("a request is at it"), "pending.postponed"), (OSError("disk"), "pending.not_done")],
    ids=["foreseen", "unforeseen"],
)
def test_change_that_cannot_be_gone_on_with_is_postponed_and_said(
    pending: Pending, database: Any, clock: Clock, error: Exception, event: str
) -> None:
    write_together(database, [pending.begun("ns-1.events")])
    clock.now += LIFE_S

    def fail(_name: str) -> None:
        raise error

    with capture_logs() as logs:
        pending.work_off(fail)

    assert [(log["event"], log["log_level"]) for log in logs] == [
        (event, "info" if event == "pending.postponed" else "warning")
    ]
    assert pending.due() == []


def test_what_has_been_due_longest_comes_first(pending: Pending, database: Any, clock: Clock) -> None:
    for name, due_in_s in (("a", 2), ("b", 0), ("c", 1)):
        write_together(database, [pending.begun(name, due_in_s=due_in_s)])

    clock.now += 3

    assert pending.due() == ["b", "c", "a"]


def test_change_whose_turn_others_had_rests_as_long_as_it_was_said_to(
    database: Any, table: str, clock: Clock
) -> None:
    pending = Pending(database, table, "access", turn_again_s=1, clock=clock)
    write_together(database, [pending.begun("somebody", due_in_s=0)])

    def fail(_name: str) -> None:
        raise TurnTakenError("others had it")

    pending.work_off(fail)

    assert pending.due() == []
    clock.now += 1
    assert pending.due() == ["somebody"]


def test_change_that_one_replica_cannot_complete_is_gone_on_with_by_another_first(
    pending: Pending, database: Any, table: str, clock: Clock
) -> None:
    other = Pending(database, table, "topic", clock=clock)
    write_together(database, [pending.begun("ns-1.events", due_in_s=0)])
    attempts: list[str] = []

    def fail(_name: str) -> None:
        attempts.append("this one")
        raise UnavailableError("Kafka is away")

    pending.work_off(fail)
    clock.now += OTHERS_AGAIN_S
    pending.work_off(fail)
    assert attempts == ["this one"]

    other.work_off(attempts.append)
    assert attempts == ["this one", "ns-1.events"]

    clock.now += AGAIN_S - OTHERS_AGAIN_S
    pending.work_off(fail)
    assert attempts == ["this one", "ns-1.events", "this one"], "it is tried here too, when nobody ended it"


def test_change_that_was_begun_anew_is_not_left_to_others(
    pending: Pending, database: Any, clock: Clock
) -> None:
    write_together(database, [pending.begun("ns-1.events", due_in_s=0)])

    def fail(_name: str) -> None:
        raise UnavailableError("Kafka is away")

    pending.work_off(fail)
    write_together(database, [pending.begun("ns-1.events", due_in_s=0)])
    attempts: list[str] = []
    pending.work_off(attempts.append)

    assert attempts == ["ns-1.events"]


def test_change_that_was_begun_anew_is_not_ended_by_whoever_saw_to_the_first(
    pending: Pending, database: Any
) -> None:
    write_together(database, [pending.begun("somebody", due_in_s=0)])
    first = pending.token("somebody")
    assert first is not None
    write_together(database, [pending.begun("somebody", due_in_s=0)])

    pending.end("somebody", first)
    assert pending.due() == ["somebody"]
    pending.end("somebody", str(pending.token("somebody")))

    assert pending.due() == []
    assert pending.token("somebody") is None

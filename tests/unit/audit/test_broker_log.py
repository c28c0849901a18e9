"""A broker's audit log, followed while it is written and rotated, as far as the trail."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from octopus.audit import denials as shipping
from octopus.audit.broker_log import LONGEST_LINE, lines_after
from octopus.audit.denials import NOBODY, Denials, event_of
from octopus.audit.trail import Trail
from octopus.errors import UnavailableError
from tests.trail import recorded

SUBJECT = "31864cd7-ffc6-44a4-b8b5-d1831caa974b"
CLUSTER = "octopus-local/8b4b1a4d-2d0f-5835-9222-3a7479cc9972"


def line(number: int = 0, **attributes: Any) -> bytes:
    told = {
        "time": (datetime(2026, 11, 22, tzinfo=UTC) + timedelta(seconds=number)).isoformat(),
        "principal": SUBJECT,
        "access_key_id": "AKIA2AAA4AB4A893402C",
        "action": "kafka-cluster:ReadData",
        "resource": f"arn:aws:kafka:us-east-1:000000000000:topic/{CLUSTER}/lab.t{number:03}",
        "outcome": "deny",
        "count": 1,
        "reason": "no policy allows it",
        **attributes,
    }
    return json.dumps({key: value for key, value in told.items() if value is not None}).encode() + b"\n"


def allowed(number: int) -> bytes:
    return line(number, outcome="allow", reason=None)


class Broker:
    """Writes an audit log as log4j does."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self._rotated = 0

    def write(self, *lines: bytes) -> None:
        with self.log.open("ab") as file:
            file.writelines(lines)

    def rotate(self) -> Path:
        self._rotated += 1
        return self.log.rename(self.log.with_name(f"{self.log.name}.{self._rotated}"))


@pytest.fixture
def broker(tmp_path: Path) -> Broker:
    return Broker(tmp_path / "audit.log")


@pytest.fixture
def trail(database: Any, table: str) -> Trail:
    return Trail(database, table, kept_days=400)


@pytest.fixture
def denials(database: Any, table: str, trail: Trail, broker: Broker) -> Denials:
    return Denials(database, table, trail, [broker.log])


def topics(database: Any, table: str) -> list[str | None]:
    return [event.topic for event in recorded(database, table)]


def test_each_refusal_is_recorded_once_over_restarts_and_rotation(
    database: Any, table: str, trail: Trail, broker: Broker
) -> None:
    def ship() -> None:
        Denials(database, table, trail, [broker.log]).ship()

    ship()
    broker.write(line(0), allowed(1))
    ship()
    broker.write(line(2))
    broker.rotate()
    broker.write(line(3))
    ship()
    broker.rotate()
    ship()
    broker.write(line(4), line(5))
    ship()
    ship()

    assert topics(database, table) == ["t000", "t002", "t003", "t004", "t005"]


def test_files_that_were_rotated_before_the_first_look_are_read_oldest_first(broker: Broker) -> None:
    for number in range(3):
        broker.write(line(number))
        broker.rotate()
    broker.log.with_name("audit.log.1").rename(broker.log.with_name("audit.log.9"))
    broker.write(line(3))

    assert [found for found, _ in lines_after(broker.log, None)] == [line(number) for number in range(4)]


def test_line_that_is_still_being_written_is_read_when_it_is_whole(
    database: Any, table: str, denials: Denials, broker: Broker
) -> None:
    broker.write(line(0), line(1)[:40])
    denials.ship()
    before = topics(database, table)
    broker.write(line(1)[40:])
    denials.ship()

    assert (before, topics(database, table)) == (["t000"], ["t000", "t001"])


def test_line_cut_short_by_a_brokers_death_hides_no_other(
    database: Any, table: str, denials: Denials, broker: Broker
) -> None:
    broker.write(line(0), line(1)[:40] + line(2), b"\n", b"x" * (2 * LONGEST_LINE) + b"\n", line(3))

    with capture_logs() as logged:
        denials.ship()

    assert topics(database, table) == ["t000", "t003"]
    assert {entry["event"] for entry in logged} == {"broker_log.unreadable_line"}
    assert SUBJECT not in str(logged)


def test_log_that_was_rotated_away_before_it_was_read_is_said_and_the_rest_goes_on(
    database: Any, table: str, denials: Denials, broker: Broker
) -> None:
    broker.write(line(0))
    denials.ship()
    broker.rotate().unlink()
    broker.write(line(1))

    with capture_logs() as logged:
        denials.ship()

    assert topics(database, table) == ["t000", "t001"]
    assert [entry["event"] for entry in logged] == ["broker_log.gap"]


def test_one_go_records_a_bounded_number_and_the_next_goes_on(
    monkeypatch: pytest.MonkeyPatch, database: Any, table: str, denials: Denials, broker: Broker
) -> None:
    monkeypatch.setattr(shipping, "EVENTS_AT_ONCE", 3)
    broker.write(*(line(number) for number in range(5)))

    assert [denials.ship() for _ in range(3)] == [3, 2, 0]
    assert topics(database, table) == [f"t{number:03}" for number in range(5)]


def test_what_cannot_be_recorded_is_recorded_later(
    monkeypatch: pytest.MonkeyPatch, database: Any, table: str, denials: Denials, broker: Broker
) -> None:
    def refuse(*_events: object) -> None:
        raise UnavailableError("away")

    broker.write(line(0))
    with monkeypatch.context() as patch:
        patch.setattr(Trail, "record", refuse)
        with pytest.raises(UnavailableError):
            denials.ship()
    denials.ship()

    assert topics(database, table) == ["t000"]


def test_logs_of_several_brokers_have_a_position_each(
    database: Any, table: str, trail: Trail, tmp_path: Path
) -> None:
    brokers = [Broker(tmp_path / name) for name in ("audit.log", "audit-2.log")]
    denials = Denials(database, table, trail, [one.log for one in brokers])
    brokers[0].write(line(0))
    denials.ship()
    brokers[1].write(line(1), line(0))
    denials.ship()
    denials.ship()

    assert topics(database, table) == ["t000", "t001"], "what both wrote at once is the same event"


@pytest.mark.parametrize(
    ("resource", "namespace", "topic"),
    [
        (f"topic/{CLUSTER}/lab.events", "lab", "events"),
        (f"topic/{CLUSTER}/lab.events.dead", "lab", None),
        (f"topic/{CLUSTER}/plain", None, None),
        (f"group/{CLUSTER}/lab.readers", "lab", None),
        (f"group/{CLUSTER}/a/b.c", None, None),
        (f"transactional-id/{CLUSTER}/lab.tx/1", "lab", None),
        (f"cluster/{CLUSTER}", None, None),
        (f"topic/{CLUSTER}/" + "x" * 490 + ".y... and 900 characters more", None, None),
    ],
)
def test_refusal_concerns_the_namespace_that_it_was_about(
    resource: str, namespace: str | None, topic: str | None
) -> None:
    event = event_of(line(resource=f"arn:aws:kafka:us-east-1:000000000000:{resource}", count=4))

    assert event is not None
    assert (event.type, event.actor, event.subject) == ("kafka.denied", SUBJECT, SUBJECT)
    assert (event.namespace, event.topic) == (namespace, topic)
    kind, _, name = resource.partition("/")
    assert event.data == {
        "action": "kafka-cluster:ReadData",
        "resource": resource if kind == "cluster" else f"{kind}/{name.removeprefix(f'{CLUSTER}/')}",
        "access_key_id": "AKIA2AAA4AB4A893402C",
        "count": 4,
        "reason": "no policy allows it",
    }


@pytest.mark.parametrize(("principal", "actor"), [("", NOBODY), ("service", "service"), ("X" * 36, "X" * 36)])
def test_refusal_of_nobody_known_concerns_no_person(principal: str, actor: str) -> None:
    event = event_of(line(principal=principal))

    assert event is not None
    assert (event.actor, event.subject) == (actor, None)


def test_decisions_that_the_broker_had_no_room_for_are_told_by_their_number() -> None:
    dropped = {"time": "2026-11-22T05:00:00.123Z", "principal": SUBJECT, "dropped": 12}

    event = event_of(json.dumps(dropped).encode() + b"\n")

    assert event is not None
    assert (event.type, event.subject, event.data) == ("kafka.dropped", SUBJECT, {"decisions": 12})

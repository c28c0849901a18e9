"""From the registry's outbox to the system topic."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from octopus.audit.cloud_events import to_record
from octopus.audit.events import Event
from octopus.audit.publishing import REST_S, Publisher
from octopus.audit.trail import Trail
from octopus.errors import UnavailableError
from tests.memory_kafka import MemoryTopic
from tests.trail import recorded


class Clock:
    """Seconds, as a test has them."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def trail(database: Any, table: str) -> Trail:
    return Trail(database, table, kept_days=30)


def event(number: int) -> Event:
    return Event(
        type="topic.created",
        actor="fabric",
        id=f"e{number:04}",
        time=datetime(2026, 11, 22, 12, number // 60, number % 60, tzinfo=UTC),
    )


def test_events_are_published_in_order_and_leave_the_outbox(database: Any, table: str, trail: Trail) -> None:
    topic, events = MemoryTopic(), [event(number) for number in range(120)]
    trail.record(*reversed(events))

    Publisher(database, table, topic, source=lambda: "https://fabric").run()

    assert topic.ids() == [one.id for one in events]
    assert recorded(database, table) == []


def test_what_is_not_acknowledged_is_published_later_under_the_same_id(
    database: Any, table: str, trail: Trail
) -> None:
    clock, topic = Clock(), MemoryTopic()
    publisher = Publisher(database, table, topic, source=lambda: "https://fabric", clock=clock)
    trail.record(*(event(number) for number in range(3)))
    topic.takes = lambda position: position != 1

    publisher.run()
    topic.takes = lambda _position: True
    publisher.run()
    before = topic.ids()
    clock.now = REST_S
    publisher.run()

    assert before == ["e0000", "e0002"], "brokers that do not take events are left alone for a while"
    assert topic.ids() == ["e0000", "e0002", "e0001"]
    assert recorded(database, table) == []


def test_events_rest_while_nobody_knows_where_they_come_from(database: Any, table: str, trail: Trail) -> None:
    clock, topic = Clock(), MemoryTopic()
    known: list[str] = []

    def source() -> str:
        if not known:
            raise UnavailableError("The fabric's address is not known yet")
        return "https://fabric"

    publisher = Publisher(database, table, topic, source=source, clock=clock)
    trail.record(event(1))

    with pytest.raises(UnavailableError):
        publisher.run()

    assert not publisher.due(), "it would be tried, and logged, every second"
    known.append("now")
    clock.now = REST_S
    assert publisher.due()
    publisher.run()
    assert topic.ids() == ["e0001"]


def test_event_published_right_before_a_death_is_published_again(
    monkeypatch: pytest.MonkeyPatch, database: Any, table: str, trail: Trail
) -> None:
    topic = MemoryTopic()
    trail.record(event(1))

    def die(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("octopus.audit.publishing.write_together", die)
        with pytest.raises(KeyboardInterrupt):
            Publisher(database, table, topic, source=lambda: "https://fabric").run()
    Publisher(database, table, topic, source=lambda: "https://fabric").run()

    assert topic.ids() == ["e0001", "e0001"]


def test_one_go_takes_a_bounded_number(
    monkeypatch: pytest.MonkeyPatch, database: Any, table: str, trail: Trail
) -> None:
    monkeypatch.setattr("octopus.audit.publishing.AT_ONCE", 3)
    topic = MemoryTopic()
    trail.record(*(event(number) for number in range(4)))
    publisher = Publisher(database, table, topic, source=lambda: "https://fabric")

    publisher.run()
    assert len(topic.held) == 3
    publisher.run()

    assert len(topic.held) == 4


def test_event_is_a_cloud_event_in_binary_mode() -> None:
    told = Event(
        type="grant.given",
        actor="a",
        subject="s",
        namespace="lab",
        topic="events",
        data={"right": "read", "until": None},
        id="1",
        time=datetime(2026, 11, 22, 12, tzinfo=UTC),
    )

    record = to_record(told, source="https://fabric/api/v3/audit")

    assert record.key == "lab"
    assert record.headers == {
        "ce_specversion": "1.0",
        "ce_id": "1",
        "ce_source": "https://fabric/api/v3/audit",
        "ce_type": "org.octopus.grant.given",
        "ce_time": "2026-11-22T12:00:00Z",
        "ce_subject": "lab.events",
        "content-type": "application/json",
    }
    assert json.loads(record.value) == {
        "actor": "a",
        "subject": "s",
        "namespace": "lab",
        "topic": "events",
        "details": {"right": "read", "until": None},
    }


def test_event_of_a_person_is_kept_with_that_persons() -> None:
    record = to_record(Event(type="key.issued", actor="s", subject="s"), source="https://fabric")

    assert (record.key, record.headers["ce_subject"]) == ("s", "s")


def test_age_of_the_oldest_event_is_known_until_it_is_published(
    database: Any, table: str, trail: Trail
) -> None:
    clock, topic = Clock(), MemoryTopic()
    publisher = Publisher(database, table, topic, source=lambda: "https://fabric", clock=clock)
    assert not publisher.due()
    assert publisher.waiting_s() == 0

    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    trail.record(replace(event(0), time=hour_ago), replace(event(1), time=datetime.now(UTC)))
    assert publisher.due()
    before = publisher.waiting_s()
    assert before == pytest.approx(3600, abs=300)

    topic.takes = lambda _position: False
    publisher.run()
    assert not publisher.due()
    assert publisher.waiting_s() > before, "it waits on while publishing rests"

    topic.takes = lambda _position: True
    clock.now += REST_S
    publisher.run()
    assert not publisher.due()
    assert publisher.waiting_s() == 0

"""Events in the registry: with the change that they tell of, and read back by whoever may."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from octopus.access.models import EVERY_TOPIC, Right
from octopus.audit.events import Event
from octopus.audit.reading import MOST_LOOKED_AT, Query, Reader
from octopus.audit.service import Audit
from octopus.audit.trail import ITEMS_AN_EVENT, Trail, from_json, subject_partition, to_json
from octopus.errors import ForbiddenError
from octopus.pages import Page
from octopus.registry.transactions import ConditionFailedError, write_together
from tests.trail import recorded
from tests.unit.access.world import World, caller, identity

NOW = datetime.now(UTC)


@pytest.fixture
def trail(database: Any, table: str) -> Trail:
    return Trail(database, table, kept_days=30)


@pytest.fixture
def reader(database: Any, table: str) -> Reader:
    return Reader(database, table, kept_days=30)


@pytest.fixture
def world(database: Any, table: str) -> World:
    """A project, ``lab``, and nobody who has a right in it."""
    made = World(database, table, now=NOW.timestamp())
    made.namespace("lab", "project")
    return made


@pytest.fixture
def audit(reader: Reader, world: World) -> Audit:
    return Audit(reader, world.access)


def event(minutes_ago: float = 0, **attributes: Any) -> Event:
    told = {"type": "topic.created", "actor": "fabric", "namespace": "lab", **attributes}
    return Event(time=NOW - timedelta(minutes=minutes_ago), **told)


def names(page: Page[Event]) -> list[str | None]:
    return [found.topic for found in page.entries]


def test_event_comes_back_as_it_was_written() -> None:
    told = event(subject=identity(), topic="events", data={"partitions": 4, "tags": ["a"], "until": None})

    assert from_json(to_json(told)) == told


def test_event_takes_no_more_items_than_said(trail: Trail) -> None:
    assert len(trail.items(event(subject=identity(), topic="events"))) == ITEMS_AN_EVENT


def test_event_is_there_with_its_change_or_not_at_all(database: Any, table: str, trail: Trail) -> None:
    row = {"pk": {"S": "A"}, "sk": {"S": "A"}}
    change: Any = {
        "Put": {"TableName": table, "Item": row, "ConditionExpression": "attribute_not_exists(pk)"}
    }

    write_together(database, [change, *trail.items(event(topic="first"))])
    with pytest.raises(ConditionFailedError):
        write_together(database, [change, *trail.items(event(topic="second"))])

    assert [found.topic for found in recorded(database, table)] == ["first"]


def test_event_recorded_twice_is_there_once(trail: Trail, reader: Reader) -> None:
    told = event(subject="s", topic="events")

    trail.record(told, told)
    trail.record(told)

    assert reader.page([subject_partition("s")], Query()).entries == [told]


def test_many_events_are_recorded_in_few_transactions(database: Any, table: str, trail: Trail) -> None:
    calls: list[str] = []
    database.meta.events.register(
        "before-call.dynamodb.TransactWriteItems", lambda **_call: calls.append("call")
    )

    trail.record(*(event(number, topic=f"t{number:03}") for number in range(60)))

    assert len(recorded(database, table)) == 60
    assert len(calls) == 3


def test_pages_hold_each_event_once_and_newest_first(trail: Trail, reader: Reader) -> None:
    trail.record(*(event(number, subject="s", topic=f"t{number:02}") for number in range(25)))
    partitions = [subject_partition("s"), "AUDIT#namespace#lab"]
    seen: list[str | None] = []
    after: str | None = None

    for _ in range(4):
        page = reader.page(partitions, Query(limit=7, after=after))
        seen += names(page)
        after = page.next

    assert seen == [f"t{number:02}" for number in range(25)]
    assert after is None


def test_operators_page_goes_back_day_by_day(trail: Trail, reader: Reader) -> None:
    for days in (0, 1, 3):
        trail.record(event(days * 24 * 60, topic=f"t{days}", namespace=None))

    first = reader.days(Query(limit=2))
    second = reader.days(Query(limit=2, after=first.next))

    assert (names(first), names(second)) == (["t0", "t1"], ["t3"])
    assert names(reader.days(Query(since=NOW - timedelta(days=2)))) == ["t0", "t1"]


def test_page_is_of_the_time_and_type_asked_for(trail: Trail, reader: Reader) -> None:
    trail.record(event(1, topic="late"), event(5, topic="amid"), event(9, topic="early"))
    trail.record(event(5, type="topical.other", topic="other"))
    lab = ["AUDIT#namespace#lab"]
    between = Query(since=NOW - timedelta(minutes=7), until=NOW - timedelta(minutes=3), type="topic")

    assert names(reader.page(lab, between)) == ["amid"]
    assert names(reader.page(lab, Query(type="topical.other"))) == ["other"]
    assert names(reader.page(lab, Query(type="topic.creat"))) == []
    assert names(reader.page(lab, Query(since=datetime(9999, 12, 31, tzinfo=UTC)))) == []
    assert len(names(reader.page(lab, Query(since=datetime(1, 1, 1, tzinfo=UTC))))) == 4


def test_event_older_than_it_is_kept_is_not_shown(trail: Trail, reader: Reader) -> None:
    trail.record(event(29 * 24 * 60, topic="kept"), event(31 * 24 * 60, topic="old"))

    assert names(reader.page(["AUDIT#namespace#lab"], Query())) == ["kept"]
    assert names(reader.days(Query())) == ["kept"]


def test_page_that_finds_little_ends_after_a_bounded_number_of_rows(
    monkeypatch: pytest.MonkeyPatch, trail: Trail, reader: Reader
) -> None:
    monkeypatch.setattr("octopus.audit.reading.MOST_LOOKED_AT", 10)
    trail.record(*(event(number, type="a.b" if number == 11 else "c.d") for number in range(15)))

    first = reader.page(["AUDIT#namespace#lab"], Query(type="a"))
    second = reader.page(["AUDIT#namespace#lab"], Query(type="a", after=first.next))

    assert (len(first.entries), len(second.entries), second.next) == (0, 1, None)
    assert MOST_LOOKED_AT == 2000


@pytest.mark.parametrize(
    ("right", "on", "seen"),
    [
        (Right.OWNER, EVERY_TOPIC, ["one", "two", None]),
        (Right.MEMBER, EVERY_TOPIC, ["one", "two", None]),
        (Right.MANAGE, EVERY_TOPIC, ["one", "two", None]),
        (Right.MANAGE, "one", ["one"]),
        (Right.READ, EVERY_TOPIC, None),
        (Right.WRITE, "one", None),
    ],
)
def test_namespaces_audit_is_read_by_those_who_manage_it(
    trail: Trail, audit: Audit, world: World, right: Right, on: str, seen: list[str | None] | None
) -> None:
    person = identity()
    world.give("lab", on, person, right)
    trail.record(event(1, topic="one"), event(2, topic="two"), event(3, topic=None))
    trail.record(event(1, topic="one", namespace="other"))
    asking = Query(type="topic")

    if seen is None:
        with pytest.raises(ForbiddenError, match=f"Namespace lab not found for {person}"):
            audit.of_namespace(caller(person), "lab", None, asking)
    else:
        assert names(audit.of_namespace(caller(person), "lab", None, asking)) == seen


def test_one_topics_audit_is_read_by_whoever_manages_that_topic(
    trail: Trail, audit: Audit, world: World
) -> None:
    person = identity()
    world.give("lab", "one", person, Right.MANAGE)
    trail.record(event(1, topic="one"), event(2, topic="two"))

    assert names(audit.of_namespace(caller(person), "lab", "one", Query(type="topic"))) == ["one"]
    with pytest.raises(ForbiddenError):
        audit.of_namespace(caller(person), "lab", "two", Query())


def test_key_that_was_refused_is_shown_to_whoever_it_belongs_to_and_to_operators(
    trail: Trail, audit: Audit, world: World
) -> None:
    owner, guest = identity(), identity()
    world.give("lab", EVERY_TOPIC, owner, Right.OWNER)
    data = {"action": "WriteData", "access_key_id": "AKIA1"}
    trail.record(event(1, type="kafka.denied", topic="one", actor=guest, subject=guest, data=data))

    [managed] = audit.of_namespace(caller(owner), "lab", None, Query(type="kafka")).entries
    [own] = audit.of_caller(caller(guest), Query(type="kafka")).entries
    [operators] = audit.of_fabric(Query(type="kafka"), namespace="lab").entries

    assert managed.data == {"action": "WriteData"}
    assert own.data == operators.data == data

    world.give("lab", EVERY_TOPIC, guest, Right.MANAGE)
    both = audit.of_namespace(caller(guest), "lab", None, Query(type="kafka")).entries
    assert [one.data for one in both] == [data]


def test_own_namespace_without_an_account_is_not_found(audit: Audit) -> None:
    person = identity()

    with pytest.raises(ForbiddenError):
        audit.of_namespace(caller(person), f"ns-{person[-12:]}", None, Query())


def test_person_reads_what_concerns_any_identity_of_his_that_counts(
    trail: Trail, audit: Audit, world: World
) -> None:
    person, linked, suspended = identity(), identity(), identity()
    world.account(suspended, state="suspended")
    for minutes, subject in enumerate((person, linked, suspended, str(uuid.uuid4()))):
        trail.record(event(minutes, subject=subject, topic=subject))

    page = audit.of_caller(caller(person, linked, suspended), Query())

    assert names(page) == [person, linked]

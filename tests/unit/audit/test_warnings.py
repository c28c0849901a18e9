"""Who is told, once, that a grant or a project ends soon."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from octopus.access.models import EVERY_TOPIC, Grant, Right, group, user
from octopus.access.store import GrantStore
from octopus.audit import notices
from octopus.audit import warnings as warning
from octopus.audit.events import FABRIC, Event
from octopus.audit.mail import LETTERS, MOST_A_DAY
from octopus.audit.notices import Notices
from octopus.audit.trail import Trail, from_json
from octopus.audit.warnings import Warnings
from octopus.errors import UnavailableError
from octopus.projects.store import ProjectStore
from octopus.registry.ends import End, EndKind, Ends
from octopus.registry.reading import rows_of
from octopus.registry.transactions import write_together
from tests.trail import recorded
from tests.unit.access.world import World, identity

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def world(database: Any, table: str) -> World:
    """A project, ``lab``, in which nobody has a right yet."""
    made = World(database, table, now=NOW.timestamp())
    made.namespace("lab", "project")
    return made


@pytest.fixture
def warnings(database: Any, table: str) -> Warnings:
    trail = Trail(database, table, kept_days=30)
    return Warnings(
        ends=Ends(database, table),
        grants=GrantStore(database, table),
        projects=ProjectStore(database, table),
        notices=Notices(database, table, trail, warning=timedelta(days=14), mail=True),
        days=14,
    )


def told(database: Any, table: str) -> list[Event]:
    return [event for event in recorded(database, table) if event.type.endswith(".ending")]


def letters(database: Any, table: str) -> list[tuple[str, str]]:
    """The events that letters tell of, and to whom."""
    rows = rows_of(database, table, LETTERS)
    found = [(from_json(row["event"]["S"]), row["sk"]["S"].rpartition("#")[2]) for row in rows]
    return sorted((event.type, to) for event, to in found)


def give(
    world: World, to: Any, ends_in_days: float, *, made_days_ago: float = 60, **attributes: Any
) -> Grant:
    return world.access.give(
        Grant(
            **{"namespace": "lab", "topic": "events", "right": Right.READ, **attributes},
            grantee=to,
            until=NOW + timedelta(days=ends_in_days),
            by=identity(),
            created=NOW - timedelta(days=made_days_ago),
            shown_as="ada@example.org",
        )
    )


def test_whoever_holds_a_grant_is_told_once_that_it_ends(
    database: Any, table: str, world: World, warnings: Warnings
) -> None:
    person = identity()
    grant = give(world, user(person), 10)

    warnings.run()
    warnings.run()

    (event,) = told(database, table)
    assert (event.type, event.actor, event.subject) == ("grant.ending", FABRIC, person)
    assert (event.namespace, event.topic) == ("lab", "events")
    assert grant.until is not None
    assert event.data == {
        "right": "read",
        "grantee_kind": "user",
        "grantee": person,
        "shown_as": "ada@example.org",
        "ends": grant.until.isoformat(),
    }
    assert letters(database, table) == [("grant.ending", person)]


@pytest.mark.parametrize(
    ("made_days_ago", "ends_in_days", "told_of"),
    [(60, 15, False), (60, 13.9, True), (2, 3, False), (3, 2, True), (60, -0.01, False)],
)
def test_end_is_told_so_many_days_before_and_of_what_lives_shortly_at_half_of_its_life(
    database: Any,
    table: str,
    world: World,
    warnings: Warnings,
    made_days_ago: float,
    ends_in_days: float,
    told_of: bool,
) -> None:
    give(world, user(identity()), ends_in_days, made_days_ago=made_days_ago)

    warnings.run()

    assert len(told(database, table)) == told_of


def test_end_that_was_moved_is_told_anew_and_the_old_one_never(
    database: Any, table: str, world: World, warnings: Warnings
) -> None:
    person = identity()
    give(world, user(person), 10)
    warnings.run()
    give(world, user(person), 12)
    warnings.run()
    give(world, user(person), 30)
    warnings.run()

    ends = [str(event.data["ends"]) for event in told(database, table)]
    assert ends == [(NOW + timedelta(days=days)).isoformat() for days in (10, 12)]


def test_grant_that_is_taken_is_not_warned_of(
    database: Any, table: str, world: World, warnings: Warnings
) -> None:
    grant = give(world, user(identity()), 10)
    world.access.take("lab", "events", grant, actor=identity())

    warnings.run()

    assert told(database, table) == []


def test_of_a_groups_grant_the_owners_of_the_project_are_told(
    database: Any, table: str, world: World, warnings: Warnings
) -> None:
    owner, member, through = identity(), identity(), identity()
    world.give("lab", EVERY_TOPIC, owner, Right.OWNER)
    world.give("lab", EVERY_TOPIC, member, Right.MEMBER)
    world.give("lab", EVERY_TOPIC, group(world.group(through)), Right.OWNER)
    give(world, group(world.group(identity())), 10)

    warnings.run()

    assert [event.subject for event in told(database, table)] == [None]
    assert letters(database, table) == sorted(("grant.ending", one) for one in (owner, through))


def test_of_a_groups_grant_in_a_personal_namespace_its_owner_is_told(
    database: Any, table: str, world: World, warnings: Warnings
) -> None:
    owner = identity()
    world.namespace("ns-3f2a5c1b9e44", owner)
    give(world, group(world.group(identity())), 10, namespace="ns-3f2a5c1b9e44")

    warnings.run()

    assert letters(database, table) == [("grant.ending", owner)]


def test_owners_of_a_project_are_told_that_it_ends(
    database: Any, table: str, world: World, warnings: Warnings
) -> None:
    owner, at = identity(), NOW + timedelta(days=5)
    world.give("lab", EVERY_TOPIC, owner, Right.OWNER)
    world.put(
        "NAMESPACE#lab",
        "NAMESPACE",
        owner={"S": "project"},
        state={"S": "active"},
        created={"S": (NOW - timedelta(days=90)).isoformat()},
        created_by={"S": owner},
        description={"S": "Beam time"},
        contact={"S": "ada@example.org"},
        ends={"S": at.isoformat()},
        defaults={"S": "{}"},
        bounds={"S": "{}"},
    )
    write_together(database, [Ends(database, table).set(End(EndKind.PROJECT, "lab", at))])

    warnings.run()
    warnings.run()

    (event,) = told(database, table)
    assert (event.type, event.namespace, event.data) == ("project.ending", "lab", {"ends": at.isoformat()})
    assert letters(database, table) == [("project.ending", owner)]


def test_one_go_gives_a_bounded_number_of_warnings_and_the_next_goes_on(
    monkeypatch: pytest.MonkeyPatch, database: Any, table: str, world: World, warnings: Warnings
) -> None:
    monkeypatch.setattr(warning, "AT_ONCE", 2)
    for _ in range(3):
        give(world, user(identity()), 10)

    warnings.run()
    first = len(told(database, table))
    warnings.run()

    assert (first, len(told(database, table))) == (2, 3)


def test_of_a_big_groups_project_every_owner_gets_a_letter(
    database: Any, table: str, world: World, warnings: Warnings
) -> None:
    owners = [identity() for _ in range(190)]
    world.give("lab", EVERY_TOPIC, group(world.group(*owners)), Right.OWNER)
    give(world, group(world.group(identity())), 10)

    warnings.run()
    warnings.run()

    assert len(told(database, table)) == 1
    assert letters(database, table) == sorted(("grant.ending", one) for one in owners)


def test_warning_that_fails_keeps_no_other_from_being_given_and_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, database: Any, table: str, world: World, warnings: Warnings
) -> None:
    people = [identity() for _ in range(3)]
    for person in people:
        give(world, user(person), 10)
    failing: list[object] = []

    def write(client: Any, items: Any) -> None:
        if not failing:
            failing.append(items)
            raise UnavailableError("The registry is busy")
        write_together(client, items)

    monkeypatch.setattr(notices, "write_together", write)

    warnings.run()
    first = len(told(database, table))
    warnings.run()

    assert first == 2
    assert {event.subject for event in told(database, table)} == set(people)


def test_whoever_is_warned_again_and_again_gets_no_more_letters_that_day(
    database: Any, table: str, world: World, warnings: Warnings
) -> None:
    person = identity()
    for number in range(MOST_A_DAY + 2):
        give(world, user(person), 10, topic=f"events-{number}")
    warnings.run()
    give(world, user(person), 11, topic="events-0")
    warnings.run()

    assert len(told(database, table)) == MOST_A_DAY + 3
    assert letters(database, table) == [("grant.ending", person)] * MOST_A_DAY

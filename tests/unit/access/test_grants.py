"""Giving, taking and ending grants: what is written, who is refreshed, and what a race leaves."""

from __future__ import annotations

import json
from datetime import timedelta, timezone

import pytest

from octopus.access.models import EVERY_TOPIC, Grant, Right, Why, group, user
from octopus.access.refresh import DUE_S, TURN_AGAIN_S, WORKERS
from octopus.errors import OctopusError, UnavailableError
from octopus.registry.leases import TurnTakenError
from octopus.registry.transactions import ConditionFailedError
from tests.unit.access.world import START, World, caller, identity

LATER = START + timedelta(days=7)
ACTOR = "0a000000-0000-4000-8000-000000000000"


def events(world: World, kind: str) -> list[dict[str, object]]:
    """Events of a kind that were recorded."""
    items = world.client.scan(TableName=world.table)["Items"]
    found = [json.loads(item["event"]["S"]) for item in items if item["pk"]["S"] == "OUTBOX#audit"]
    return [event for event in found if event["type"] == kind]


def test_given_grant_is_there_for_its_topic_and_its_grantee_and_told_of(world: World) -> None:
    person = identity()

    given = world.give("lab", "events", person, Right.READ, until=LATER)

    assert world.access.grants_on("lab") == world.access.grants_on("lab", "events") == [given]
    assert [held.grant for held in world.access.grants_to(caller(person))] == [given]
    assert given.id == f"read-user-{person}"
    assert world.rows("ENDS#") == [("ENDS#2026-11-29", f"grant#lab#events#read#user#{person}")]
    [event] = events(world, "grant.given")
    assert (event["namespace"], event["topic"], event["subject"]) == ("lab", "events", person)
    assert world.refreshed == [person]
    assert world.rows("PENDING#") == []


def test_grant_given_twice_is_one(world: World) -> None:
    person = identity()
    first = world.give("lab", "events", person, Right.READ)

    assert world.give("lab", "events", person, Right.READ) == first

    assert len(events(world, "grant.given")) == 1


def test_grant_given_again_gets_the_later_end_and_loses_the_earlier(world: World) -> None:
    person = identity()
    world.give("lab", "events", person, Right.READ, until=LATER)

    world.give("lab", "events", person, Right.READ, until=LATER + timedelta(days=1))
    assert [day for day, _ in world.rows("ENDS#")] == ["ENDS#2026-11-30"]
    world.give("lab", "events", person, Right.READ)

    assert world.rows("ENDS#") == []
    assert [grant.until for grant in world.access.grants_on("lab")] == [None]


def test_grant_to_a_group_has_its_members_asked_for(world: World) -> None:
    team = world.group(identity())

    world.give("lab", "events", group(team), Right.READ)

    assert world.rows("GROUPS") == [("GROUPS", team)]


def test_nothing_is_given_when_what_must_hold_does_not(world: World) -> None:
    gone = {
        "ConditionCheck": {
            "TableName": world.table,
            "Key": {"pk": {"S": "NAMESPACE#lab"}, "sk": {"S": "TOPIC#events"}},
            "ConditionExpression": "attribute_exists(pk)",
        }
    }
    grant = Grant(
        namespace="lab",
        topic="events",
        grantee=user(identity()),
        right=Right.READ,
        until=None,
        by=ACTOR,
        created=START,
    )

    with pytest.raises(ConditionFailedError) as failed:
        world.access.give(grant, in_use=[gone])  # type: ignore[list-item]

    assert failed.value.positions == (0,)
    assert world.access.grants_on("lab") == []
    assert events(world, "grant.given") == []


def test_taken_grant_leaves_nothing_but_the_trail(world: World) -> None:
    person = identity()
    given = world.give("lab", "events", person, Right.READ, until=LATER)

    assert world.access.take("lab", "events", given.id, actor=ACTOR) == given

    for partition in ("GRANT", "ENDS#", "PENDING#"):
        assert world.rows(partition) == []
    [event] = events(world, "grant.revoked")
    assert event["actor"] == ACTOR
    assert world.refreshed == [person, person]


@pytest.mark.parametrize("grant_id", ["read-user-nobody", "read", "eat-user-1", "read-robot-1"])
def test_taking_what_is_not_there_succeeds(world: World, grant_id: str) -> None:
    assert world.access.take("lab", "events", grant_id, actor=ACTOR) is None


def test_change_whose_refresh_fails_is_carried_into_policies_later(world: World) -> None:
    person = identity()
    world.refuses = UnavailableError("IAM is away")

    world.give("lab", "events", person, Right.READ)
    world.refreshes.work_off()
    assert (world.refreshed, len(world.rows("PENDING#access"))) == ([], 1)
    world.refuses = None
    world.now += 3
    world.refreshes.work_off()

    assert (world.refreshed, world.rows("PENDING#access")) == ([person], [])


def test_subject_whose_policies_cannot_be_written_does_not_keep_those_linked_from_theirs(
    world: World,
) -> None:
    named, linked = identity(), identity()
    world.link(linked, named)
    world.refuses, world.spared = OctopusError("the policy would be too large"), (linked,)

    world.give("lab", "events", named, Right.READ)

    assert world.refreshed == [linked]
    assert world.rows("PENDING#access") == [("PENDING#access", f"user#{named}")]


def test_change_during_a_refresh_is_not_forgotten(world: World) -> None:
    person = identity()
    world.give("lab", "events", person, Right.READ)
    note = world.refreshes.begun(user(person), due_in_s=0)
    world.client.transact_write_items(TransactItems=[note])
    world.meanwhile = lambda: world.client.transact_write_items(
        TransactItems=[world.refreshes.begun(user(person), due_in_s=0)]
    )

    world.refreshes.now(user(person))

    assert world.rows("PENDING#access") == [("PENDING#access", f"user#{person}")]


def test_grant_to_a_group_refreshes_each_member_and_whoever_is_linked(world: World) -> None:
    one, other, linked = identity(), identity(), identity()
    world.link(linked, other)
    world.give("lab", "events", group(world.group(one, other)), Right.READ)

    world.refreshes.work_off()

    assert sorted(world.refreshed) == sorted([one, other, linked])
    assert world.rows("PENDING#access") == []


def test_big_group_does_not_keep_others_waiting(world: World) -> None:
    members = sorted(identity() for _ in range(40))
    world.give("lab", "events", group(world.group(*members)), Right.READ)
    named = [identity() for _ in range(2)]
    notes = [world.refreshes.begun(user(one), due_in_s=0) for one in named]
    world.client.transact_write_items(TransactItems=notes)

    world.refreshes.work_off()

    assert sorted(world.refreshed) == sorted([*members, *named])
    # Those who begin beside one another may end in another order.
    assert set(named) <= set(world.refreshed[: len(named) + WORKERS])


def test_members_are_seen_to_however_many_others_wait(world: World) -> None:
    waiting = [identity() for _ in range(40)]
    notes = [world.refreshes.begun(user(one), due_in_s=0) for one in waiting]
    member = identity()
    world.client.transact_write_items(TransactItems=[*notes, world.refreshes.begun_behind(member)])

    world.refreshes.work_off()

    assert sorted(world.refreshed) == sorted([member, *waiting])
    assert member in world.refreshed[: 30 + WORKERS]


def test_policies_that_are_being_written_are_tried_again_a_second_later(world: World) -> None:
    person = identity()
    world.refuses = TurnTakenError("others have it")
    world.give("lab", "events", person, Right.READ)
    world.now += DUE_S
    world.refreshes.work_off()
    world.refuses = None

    world.now += TURN_AGAIN_S
    world.refreshes.work_off()

    assert world.refreshed == [person]


def test_change_of_a_namespace_refreshes_everybody_with_a_grant_on_it(world: World) -> None:
    people = [identity(), identity()]
    for person in people:
        world.give("lab", "events", person, Right.READ)
    world.refreshed.clear()

    world.client.transact_write_items(TransactItems=[world.refreshes.begun_on("lab")])
    world.refreshes.work_off()
    world.refreshes.work_off()

    assert sorted(world.refreshed) == sorted(people)
    assert world.rows("PENDING#access") == []


def test_grants_of_a_topic_are_taken_and_those_of_others_left(world: World) -> None:
    people = [identity() for _ in range(14)]  # more than one transaction takes
    for person in people:
        world.give("lab", "events", person, Right.READ)
    kept = world.give("lab", "events-2", people[0], Right.READ)
    whole = world.give("lab", EVERY_TOPIC, people[1], Right.MEMBER)

    world.access.take_all_on("lab", "events", actor=ACTOR)

    assert sorted(world.access.grants_on("lab"), key=str) == sorted([kept, whole], key=str)
    assert len(events(world, "grant.revoked")) == 14
    assert len(world.rows("PENDING#access")) == 14


def test_namespace_or_subject_that_goes_takes_every_grant_along(world: World) -> None:
    one, other = identity(), identity()
    world.namespace("lab-2", "project")
    world.give("lab", "events", one, Right.READ)
    world.give("lab", EVERY_TOPIC, one, Right.MEMBER)
    world.give("lab-2", "events", one, Right.READ)
    world.give("lab-2", "events", other, Right.READ)

    world.access.take_all_on("lab", None, actor=ACTOR)
    assert world.rows("GRANTS#lab") == world.rows("GRANTS#lab-2")
    world.access.take_all_to(one, actor=ACTOR)

    assert [grant.grantee.id for grant in world.access.grants_on("lab-2")] == [other]
    assert world.rows(f"GRANTEE#user#{one}") == []


def test_ended_grant_is_cleared_away_once_and_a_renewed_one_kept(world: World) -> None:
    one, other = identity(), identity()
    world.give("lab", "events", one, Right.READ, until=LATER)
    world.give("lab", "events", other, Right.READ, until=LATER)
    world.access.end_due()
    assert len(world.access.grants_on("lab")) == 2
    world.give("lab", "events", other, Right.READ, until=LATER + timedelta(days=30))

    world.now = (LATER + timedelta(days=3)).timestamp()
    world.access.end_due()
    world.access.end_due()

    assert [grant.grantee.id for grant in world.access.grants_on("lab")] == [other]
    assert [event["subject"] for event in events(world, "grant.ended")] == [one]


def test_end_of_a_grant_that_is_gone_is_forgotten(world: World) -> None:
    world.put("ENDS#2026-11-22", f"grant#lab#events#read#user#{identity()}", at={"S": START.isoformat()})

    world.access.end_due()

    assert world.rows("ENDS#") == []


def test_two_ends_of_one_day_in_other_zones_are_one(world: World) -> None:
    person, east = identity(), timezone(timedelta(hours=14))
    world.give("lab", "events", person, Right.READ, until=LATER)
    world.give("lab", "events", person, Right.READ, until=(LATER + timedelta(hours=1)).astimezone(east))
    assert world.rows("ENDS#") == [("ENDS#2026-11-29", f"grant#lab#events#read#user#{person}")]

    world.give("lab", "events", person, Right.READ, until=(LATER + timedelta(days=1)).astimezone(east))

    assert world.rows("ENDS#") == [("ENDS#2026-11-30", f"grant#lab#events#read#user#{person}")]


def test_grants_of_after_a_moment_are_left(world: World) -> None:
    before, after = identity(), identity()
    world.give("lab", "events", before, Right.READ)
    world.give("lab", "events", after, Right.READ, created=START + timedelta(seconds=1))

    world.access.take_all_on("lab", None, actor=ACTOR, as_of=START)

    assert [grant.grantee.id for grant in world.access.grants_on("lab")] == [after]


def test_moved_grants_are_the_new_subjects_with_the_later_end(world: World) -> None:
    old, new = identity(), identity()
    world.give("lab", EVERY_TOPIC, old, Right.OWNER)
    world.give("lab", "events", old, Right.READ, until=LATER)
    world.give("lab", "events", new, Right.READ)

    world.access.move_all(old, new)
    world.access.move_all(old, new)

    assert {(grant.grantee.id, grant.right, grant.until) for grant in world.access.grants_on("lab")} == {
        (new, Right.OWNER, None),
        (new, Right.READ, None),
    }
    assert world.rows(f"GRANTEE#user#{old}") == world.rows("ENDS#") == []


def test_who_can_names_each_way_to_a_right_and_nobody_whom_no_grant_names(world: World) -> None:
    owner, named, linked = (identity() for _ in range(3))
    world.namespace("ns-3f2a5c1b9e44", owner)
    team = world.group(identity(), identity())
    world.link(linked, named)
    read = world.give("ns-3f2a5c1b9e44", "events", named, Right.READ, until=LATER)
    world.give("ns-3f2a5c1b9e44", "events", group(team), Right.WRITE)
    world.give("ns-3f2a5c1b9e44", "others", identity(), Right.READ)

    found = world.access.who("ns-3f2a5c1b9e44", "events")

    assert {(one.identity, one.right, one.why, one.through_group, one.members) for one in found} == {
        (owner, Right.OWNER, Why.OWNER, None, None),
        (named, Right.READ, Why.GRANT, None, None),
        (None, Right.WRITE, Why.GRANT, team, 2),
    }
    assert {one.until for one in found if one.grant == read} == {LATER}


def test_who_can_takes_no_more_questions_for_more_people(world: World) -> None:
    asked: list[str] = []
    events = world.client.meta.events
    events.register("before-call.dynamodb", lambda model, **_: asked.append(model.name), unique_id="asked")
    counts = []
    try:
        for _ in range(2):
            for _ in range(5):
                world.give("lab", "events", identity(), Right.READ)
            asked.clear()
            world.access.who("lab", "events")
            counts.append(len(asked))
    finally:
        events.unregister("before-call.dynamodb", unique_id="asked")

    assert counts[0] == counts[1]

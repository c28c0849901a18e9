"""What grants give in the API and on Kafka, and to whom."""

from __future__ import annotations

from datetime import timedelta

import pytest

from octopus.access.models import EVERY_TOPIC, Right, group
from octopus.errors import Failure, ForbiddenError
from octopus.iam.holdings import DataRight, Level, own
from tests.unit.access.world import START, World, caller, identity

ALL = frozenset(Right)
LATER = START + timedelta(days=7)


@pytest.mark.parametrize(
    ("right", "topic", "implied"),
    [
        (Right.READ, "events", {Right.READ}),
        (Right.WRITE, "events", {Right.WRITE}),
        (Right.MANAGE, "events", {Right.MANAGE}),
        (Right.MEMBER, EVERY_TOPIC, {Right.MEMBER, Right.READ, Right.WRITE}),
        (Right.OWNER, EVERY_TOPIC, ALL),
    ],
)
def test_grant_gives_its_right_and_what_that_implies(
    world: World, right: Right, topic: str, implied: set[Right]
) -> None:
    person = identity()
    world.give("lab", topic, person, right)

    assert world.access.rights(caller(person), "lab", "events") == implied


def test_grant_on_a_topic_gives_nothing_on_another_or_on_the_project(world: World) -> None:
    person = identity()
    world.give("lab", "events", person, Right.READ)

    assert world.access.rights(caller(person), "lab", "others") == frozenset()
    assert world.access.rights(caller(person), "lab", None) == frozenset()


def test_grant_on_one_project_gives_nothing_on_one_whose_name_begins_like_it(world: World) -> None:
    person = identity()
    world.namespace("lab-2", "project")
    world.give("lab-2", EVERY_TOPIC, person, Right.OWNER)

    assert world.access.rights(caller(person), "lab", None) == frozenset()


def test_outsider_has_no_rights(world: World) -> None:
    world.give("lab", EVERY_TOPIC, identity(), Right.OWNER)

    assert world.access.rights(caller(identity()), "lab", "events") == frozenset()


@pytest.mark.parametrize(
    ("state", "rights"), [("active", ALL), ("suspended", frozenset()), ("deleting", frozenset())]
)
def test_personal_namespace_is_its_owners_while_in_use(
    world: World, state: str, rights: frozenset[Right]
) -> None:
    person = identity()
    world.namespace("ns-3f2a5c1b9e44", person, state=state)

    assert world.access.rights(caller(person), "ns-3f2a5c1b9e44", "events") == rights


def test_personal_namespace_is_not_shared_with_a_linked_identity(world: World) -> None:
    owner, linked = identity(), identity()
    world.namespace("ns-3f2a5c1b9e44", owner)

    assert world.access.rights(caller(linked, owner), "ns-3f2a5c1b9e44", "events") == frozenset()


def test_grant_counts_for_whoever_the_identity_is_linked_to(world: World) -> None:
    named, person = identity(), identity()
    world.give("lab", "events", named, Right.READ)
    world.link(person, named)

    assert world.access.rights(caller(person, named), "lab", "events") == {Right.READ}
    assert world.held(person) == {DataRight("lab.events", Level.READ)}


def test_grant_counts_for_nobody_through_an_identity_that_is_suspended(world: World) -> None:
    named, person = identity(), identity()
    world.give("lab", "events", named, Right.READ)
    world.link(person, named)
    world.account(named, state="suspended")

    assert world.access.rights(caller(person, named), "lab", "events") == frozenset()
    assert world.held(person) == frozenset()
    assert world.access.who("lab", "events") == []


def test_grant_to_a_group_counts_for_its_members_linked_ones_too(world: World) -> None:
    member, person, outsider = identity(), identity(), identity()
    team = world.group(member)
    world.link(person, member)
    world.give("lab", "events", group(team), Right.WRITE)

    for one in (caller(member), caller(person, member)):
        assert world.access.rights(one, "lab", "events") == {Right.WRITE}
        assert world.held(one.subject) == {DataRight("lab.events", Level.WRITE)}
    assert world.access.rights(caller(outsider), "lab", "events") == frozenset()


def test_grant_to_a_group_counts_for_nobody_while_its_list_is_dropped(world: World) -> None:
    member = identity()
    world.give("lab", "events", group(world.group(member, state="dropped")), Right.READ)

    assert world.access.rights(caller(member), "lab", "events") == frozenset()
    assert world.held(member) == frozenset()


def test_grant_counts_before_its_end_and_not_from_then_on(world: World) -> None:
    person = identity()
    world.give("lab", "events", person, Right.READ, until=LATER)
    assert world.held(person) == {DataRight("lab.events", Level.READ, LATER)}

    world.now = LATER.timestamp()

    assert world.access.rights(caller(person), "lab", "events") == frozenset()
    assert world.held(person) == frozenset()
    assert world.access.who("lab", "events") == []


def test_own_namespaces_are_held_beside_grants(world: World) -> None:
    person = identity()
    world.give("lab", EVERY_TOPIC, person, Right.MEMBER)

    held = world.held(person, ["ns-3f2a5c1b9e44"])

    assert held == own("ns-3f2a5c1b9e44", "lab")


def test_whoever_has_an_account_reads_the_heartbeat_and_would_lose_that_first(world: World) -> None:
    person = identity()
    world.give("lab", "events", person, Right.READ)

    held = world.access.holdings(person, ["ns-3f2a5c1b9e44"])

    assert max(held, key=lambda right: right.seniority) == DataRight("octopus.heartbeat", Level.READ)


def test_managing_gives_no_right_to_data(world: World) -> None:
    person = identity()
    world.give("lab", EVERY_TOPIC, person, Right.MANAGE)

    assert world.held(person) == frozenset()


def test_right_that_another_holds_already_is_left_out(world: World) -> None:
    person = identity()
    world.give("lab", EVERY_TOPIC, person, Right.READ)
    world.give("lab", "events", person, Right.READ, until=LATER)
    world.give("lab", "events", person, Right.WRITE)

    assert world.held(person) == {
        DataRight("lab.*", Level.READ),
        DataRight("lab.events", Level.WRITE),
    }


def test_rights_are_as_senior_as_what_they_are_held_by_and_as_what_they_take_the_place_of(
    world: World,
) -> None:
    person = identity()
    for name in ("zoo", "ark"):
        world.namespace(name, "project")
    world.give("zoo", "a", person, Right.READ, until=LATER, created=START)
    world.give("ark", "b", person, Right.READ, created=START + timedelta(days=1))
    world.give("lab", EVERY_TOPIC, person, Right.MEMBER, created=START + timedelta(days=2))
    world.give("zoo", EVERY_TOPIC, person, Right.READ, created=START + timedelta(days=3))

    held = world.held(person, ["ns-3f2a5c1b9e44"])

    ordered = sorted(held, key=lambda right: right.seniority)
    assert [right.name for right in ordered] == ["ns-3f2a5c1b9e44.*", "lab.*", "zoo.*", "ark.b"]


def test_projects_end_stands_in_what_its_members_write_with(world: World) -> None:
    person = identity()
    world.namespace("lab", "project", ends=LATER)
    world.give("lab", EVERY_TOPIC, person, Right.MEMBER)

    assert world.held(person) == {
        DataRight("lab.*", Level.ALL, LATER),
        DataRight("lab.*", Level.READ),
    }


@pytest.mark.parametrize(
    ("right", "left"),
    [
        (Right.OWNER, {Right.OWNER, Right.READ}),
        (Right.MEMBER, {Right.READ}),
        (Right.READ, {Right.READ}),
        (Right.WRITE, set()),
        (Right.MANAGE, set()),
    ],
)
def test_frozen_project_is_read_and_not_written(world: World, right: Right, left: set[Right]) -> None:
    person = identity()
    world.namespace("lab", "project", ends=START)
    world.give("lab", EVERY_TOPIC, person, right)

    assert world.access.rights(caller(person), "lab", "events") == left
    readable = {DataRight("lab.*", Level.READ)} if Right.READ in left else set()
    assert world.held(person) == readable


@pytest.mark.parametrize("state", ["ended", "deleting", "creating"])
def test_project_that_is_not_in_use_gives_nothing(world: World, state: str) -> None:
    person = identity()
    world.give("lab", EVERY_TOPIC, person, Right.OWNER)
    world.namespace("lab", "project", state=state)

    assert world.access.rights(caller(person), "lab", None) == frozenset()
    assert world.held(person) == frozenset()
    assert world.access.grants_to(caller(person)) == []
    assert world.access.visible_namespaces(caller(person), []) == {}
    assert world.access.who("lab", None) == []


def test_requiring_what_is_held_returns(world: World) -> None:
    person = identity()
    world.give("lab", "events", person, Right.MANAGE)

    world.access.require(caller(person), "lab", "events", Right.MEMBER, Right.MANAGE)


@pytest.mark.parametrize("namespace", ["lab", "nowhere", "ns-3f2a5c1b9e44", "no", "x" * 500, "lab#events"])
def test_refusal_does_not_tell_what_there_is(world: World, namespace: str) -> None:
    person = identity()
    world.namespace("ns-3f2a5c1b9e44", identity())

    with pytest.raises(ForbiddenError) as refused:
        world.access.require(caller(person), namespace, "events", *Right)

    assert refused.value.message == f"Namespace {namespace[:64]} not found for {person}"


def test_own_namespace_without_an_account_is_a_published_failure(world: World) -> None:
    person = identity()

    with pytest.raises(Failure, match=f"Namespace ns-{person[-12:]} not found for {person}"):
        world.access.require(caller(person), f"ns-{person[-12:]}", None, Right.MEMBER)


def test_suspended_owner_is_told_so(world: World) -> None:
    person = identity()
    world.namespace(f"ns-{person[-12:]}", person, state="suspended")

    with pytest.raises(ForbiddenError, match="is suspended"):
        world.access.require(caller(person), f"ns-{person[-12:]}", None, Right.MEMBER)


def test_visible_is_what_is_owned_or_granted(world: World) -> None:
    person = identity()
    world.namespace("ns-000000000001", identity())
    world.give("lab", EVERY_TOPIC, person, Right.MEMBER)
    world.give("ns-000000000001", "events", group(world.group(person)), Right.READ)

    assert world.access.visible_namespaces(caller(person), ["ns-3f2a5c1b9e44"]) == {
        "ns-3f2a5c1b9e44": {EVERY_TOPIC},
        "lab": {EVERY_TOPIC},
        "ns-000000000001": {"events"},
    }

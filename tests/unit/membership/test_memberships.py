"""Members of groups that hold grants: listed, compared, held while Globus is away, and forgotten."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from octopus.errors import InvalidError, UnavailableError
from octopus.globus.groups import Role, Status
from octopus.identity.clients import GlobusClients
from octopus.membership import groups_api, service
from octopus.membership.models import GroupList, State
from octopus.membership.service import AGAIN_S, TICK_S
from tests.ports import free_port
from tests.unit.membership.world import HELD_S, POLL_S, SERVICE, World


def test_group_is_listed_at_once_with_its_active_members_alone(world: World) -> None:
    group = world.group("bob")
    world.groups.put(group, world.person("carol"), role=Role.MEMBER, status=Status.INVITED)
    world.groups.put(group, world.person("dave"), role=Role.MEMBER, status=Status.REMOVED)

    look = world.memberships.look(group.upper(), asked_by=[world.person("alice")])

    alice, bob = world.person("alice"), world.person("bob")
    assert (look.group.id, look.group.name, look.group.state) == (group, "beamline", State.HELD)
    assert look.whole
    assert world.members(group) == {alice, bob, SERVICE}
    assert world.due() == {f"member#{one}" for one in (alice, bob, SERVICE)}


def test_members_who_come_and_go_are_found_at_the_next_question_and_not_before(world: World) -> None:
    group = world.group("bob")
    world.memberships.look(group, asked_by=[world.person("alice")])
    world.give(group)
    world.memberships.poll()
    world.due()
    bob, carol = world.person("bob"), world.person("carol")
    world.groups.put(group, bob, role=Role.MEMBER, status=Status.REMOVED)
    world.groups.put(group, carol, role=Role.MEMBER)

    world.now += POLL_S / 2
    world.memberships.poll()
    assert bob in world.members(group)

    world.now += POLL_S / 2
    world.memberships.poll()
    assert world.members(group) == {world.person("alice"), carol, SERVICE}
    assert world.due() == {f"member#{bob}", f"member#{carol}"}
    assert world.row(f"IDENTITY#{bob}", f"GROUP#{group}") is None
    left = [event for event in world.events("group.members_changed") if "left" in event.data]
    # Operators see who; whoever shares something with the group, how many.
    assert {event.namespace: event.data["left"] for event in left} == {None: [bob], "lab": 1}


def test_group_given_a_grant_without_a_look_is_asked_at_the_next_tick(world: World) -> None:
    group = world.group("bob")
    world.give(group)
    world.memberships.poll()
    assert world.person("bob") in world.members(group)


def test_new_grant_has_the_members_asked_for_anew(world: World) -> None:
    group = world.group("bob")
    world.memberships.look(group, asked_by=[world.person("alice")])
    world.give(group)
    world.memberships.poll()
    world.groups.put(group, world.person("carol"), role=Role.MEMBER)
    world.now += 1
    world.give(group, namespace="other")
    world.memberships.poll()
    assert world.person("carol") in world.members(group)


@pytest.mark.parametrize("group", ["beamline", "", "{"])
def test_group_that_is_no_uuid_is_refused(world: World, group: str) -> None:
    with pytest.raises(InvalidError, match="must be the UUID"):
        world.memberships.look(group, asked_by=[world.person("alice")])


def test_group_that_does_not_show_its_members_is_refused_with_what_to_do(world: World) -> None:
    for group in (world.group(shown=False), str(uuid.uuid4())):
        with pytest.raises(InvalidError, match=f"must add the identity {SERVICE} to it as a manager"):
            world.memberships.look(group, asked_by=[world.person("alice")])
        assert world.rows_of(group) == []


def test_group_is_refused_in_the_same_words_to_whoever_is_not_in_it(world: World) -> None:
    said = []
    for group in (world.group("bob"), world.group("bob", shown=False), str(uuid.uuid4())):
        with pytest.raises(InvalidError) as refused:
            world.memberships.look(group, asked_by=[world.person("carol")])
        said.append(refused.value.message.replace(group, ""))
        assert world.rows_of(group) == []

    assert len(set(said)) == 1


def test_group_that_is_gone_or_hidden_gives_nobody_anything(world: World) -> None:
    gone, hidden = world.group("bob"), world.group("bob")
    for group in (gone, hidden):
        world.memberships.look(group, asked_by=[world.person("alice")])
        world.give(group)
    world.due()
    world.groups.delete(gone)
    world.groups.put(hidden, SERVICE, role=Role.MEMBER)

    world.now += POLL_S
    world.memberships.poll()

    for group in (gone, hidden):
        assert world.members(group) == set()
        record = world.store.find(group)
        assert record is not None
        assert (record.name, record.state) == ("beamline", State.HELD)
    assert f"member#{world.person('bob')}" in world.due()


def test_list_is_held_while_groups_is_away_then_dropped_and_taken_up_again(world: World) -> None:
    group = world.group("bob")
    world.memberships.look(group, asked_by=[world.person("alice")])
    world.give(group)
    world.memberships.poll()
    world.due()
    away = world.memberships_with(world.globus_at(f"http://127.0.0.1:{free_port()}/"))

    world.now += HELD_S - AGAIN_S
    away.poll()
    assert world.store.find(group).state is State.HELD  # type: ignore[union-attr]
    assert world.due() == set()

    world.now += AGAIN_S
    away.poll()
    record = world.store.find(group)
    assert record is not None
    assert record.state is State.DROPPED
    assert world.members(group) != set()
    assert world.due() == {f"group#{group}"}
    [dropped] = world.events("group.dropped")
    assert (dropped.namespace, dropped.data["group"]) == ("lab", group)
    world.now += AGAIN_S
    away.poll()
    assert world.due() == set()
    assert len(world.events("group.dropped")) == 1

    world.now += AGAIN_S
    world.memberships.poll()
    assert world.store.find(group).state is State.HELD  # type: ignore[union-attr]
    assert world.due() == {f"group#{group}"}


def test_nothing_is_given_on_a_group_that_cannot_be_asked(world: World) -> None:
    group = world.group("bob")
    away = world.memberships_with(world.globus_at(f"http://127.0.0.1:{free_port()}/"))
    with pytest.raises(UnavailableError):
        away.look(group, asked_by=[world.person("alice")])
    assert world.rows_of(group) == []


def test_refusal_that_is_not_of_groups_takes_nothing_from_anybody(world: World) -> None:
    group = world.group("bob")
    world.memberships.look(group, asked_by=[world.person("alice")])
    world.give(group)
    world.memberships.poll()
    elsewhere = world.globus_at(f"{world.url}/nowhere")  # 404, by whatever answers there
    unknown_client = GlobusClients(
        client_id=SERVICE, secret=lambda: "wrong", auth_url=world.url, groups_url=world.url
    )
    for globus in (elsewhere, unknown_client):
        misled = world.memberships_with(globus)
        with pytest.raises(UnavailableError):
            misled.look(group, asked_by=[world.person("alice")])
        world.now += POLL_S
        misled.poll()
        globus.close()
        assert world.person("bob") in world.members(group)


def test_group_without_grants_is_forgotten_whole(world: World) -> None:
    group = world.group("bob")
    world.memberships.look(group, asked_by=[world.person("alice")])
    world.give(group)
    world.memberships.poll()
    world.take(group)
    world.due()

    world.now += POLL_S
    world.memberships.poll()
    assert world.rows_of(group) == []
    assert f"member#{world.person('bob')}" in world.due()


def test_group_looked_at_and_given_nothing_is_forgotten(world: World) -> None:
    group = world.group("bob")
    world.memberships.look(group, asked_by=[world.person("alice")])
    world.now += POLL_S
    world.memberships.poll()
    assert world.rows_of(group) == []


def test_group_that_takes_several_transactions_is_listed_whole(world: World) -> None:
    names = [f"p{number}" for number in range(40)]
    group = world.group(*names)
    for namespace in [f"lab-{number}" for number in range(20)]:
        world.give(group, namespace=namespace)
    world.memberships.look(group, asked_by=[world.person("alice")])
    assert len(world.members(group)) == 42

    world.groups.delete(group)
    world.now += POLL_S
    world.memberships.poll()
    assert world.members(group) == set()


def test_big_group_is_taken_in_by_and_by_and_nobody_waits_for_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MOST_JOINING", 10)
    big, small = world.group(*(f"r{number}" for number in range(20))), world.group("bob")
    world.give(small)
    alice = [world.person("alice")]

    look = world.memberships.look(big, asked_by=alice)
    assert not look.whole
    assert len(world.members(big)) == 10
    world.memberships.poll()
    assert world.person("bob") in world.members(small)
    assert len(world.members(big)) == 10, "its grant is waited for"
    world.give(big)
    world.memberships.poll()
    assert len(world.members(big)) == 20
    world.now += TICK_S
    world.memberships.poll()

    assert len(world.members(big)) == 22
    assert world.memberships.look(big, asked_by=alice).whole
    assert {f"member#{one}" for one in world.members(big)} <= world.due()


@pytest.mark.parametrize(("failing", "asked"), [(1, 4), (2, 2), (4, 2)])
def test_group_of_which_there_is_no_answer_keeps_others_from_theirs_only_if_the_next_has_none_either(
    world: World, monkeypatch: pytest.MonkeyPatch, failing: int, asked: int
) -> None:
    groups = sorted(world.group("bob") for _ in range(4))
    for group in groups:
        world.give(group)
    questions: list[str] = []

    def ask(globus: Any, group: str) -> GroupList:
        questions.append(group)
        if group in groups[:failing]:
            raise UnavailableError("Globus Groups answers 502")
        return groups_api.ask(globus, group)

    monkeypatch.setattr(service, "ask", ask)

    world.memberships.poll()

    assert questions == groups[:asked]
    assert [group for group in groups if world.members(group)] == groups[failing:asked]


def test_change_cut_short_is_completed_by_the_next_question(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = world.group(*(f"q{number}" for number in range(40)))
    world.give(group)
    write, left = world.store.write, 2

    def write_once(items: Any) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise UnavailableError("the registry went away")
        write(items)

    with monkeypatch.context() as patch:
        patch.setattr(world.store, "write", write_once)
        world.memberships.poll()
    assert 0 < len(world.members(group)) < 42
    assert world.store.find(group) is not None, "or those who are in would hold nothing"

    world.memberships.poll()
    assert len(world.members(group)) == 42
    told = world.events("group.members_changed")
    joined = [one for event in told if event.namespace is None for one in event.data["joined"]]  # type: ignore[union-attr]
    assert len(joined) == len(set(joined)) == 42
    assert sum(event.data["joined"] for event in told if event.namespace == "lab") == 42  # type: ignore[misc]

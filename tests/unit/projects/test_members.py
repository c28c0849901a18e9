"""Who is in a project, and its handing over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from octopus.access.models import Right, group, user
from octopus.errors import ForbiddenError, InvalidError
from octopus.sharing.grantees import Named
from tests.unit.access.world import START, identity
from tests.unit.projects.lab import Lab

NAME = "beamline-7"
SOON = START + timedelta(days=10)


@pytest.fixture(autouse=True)
def project(lab: Lab) -> None:
    """Ada's."""
    lab.create(NAME)


def test_member_by_name_holds_the_project_and_is_stored_by_identity(lab: Lab) -> None:
    grace = lab.person("grace@example.org")

    given = lab.add(NAME, "grace@example.org", until=SOON)

    assert (given.grantee, given.shown_as, given.until) == (user(grace.subject), "grace@example.org", SOON)
    assert lab.access.rights(grace, NAME, "frames") == {Right.MEMBER, Right.READ, Right.WRITE}
    assert grace.subject in lab.world.refreshed


def test_group_is_looked_at_before_it_is_a_member(lab: Lab) -> None:
    grace = lab.person("grace@example.org")
    team = lab.team("Beamline team", lab.ada, grace)

    given = lab.members.add(lab.ada, NAME, Named(group=team), Right.MEMBER, None).grant

    assert (given.grantee, given.shown_as) == (group(team), "Beamline team")
    assert lab.memberships.looked == [team]
    assert Right.MEMBER in lab.access.rights(grace, NAME, None)


@pytest.mark.parametrize(
    "named", [Named(who="nobody@example.org"), Named(group="b4e0d0c2-5b3c-4d4e-9a52-0f5d5b0c7d11"), Named()]
)
def test_whoever_is_not_known_becomes_no_member(lab: Lab, named: Named) -> None:
    with pytest.raises(InvalidError):
        lab.members.add(lab.ada, NAME, named, Right.MEMBER, None)

    assert lab.roles(NAME) == {(lab.ada.subject, "owner")}


def test_linked_identity_of_a_member_is_one(lab: Lab) -> None:
    lab.person("grace@example.org")
    lab.add(NAME, "grace@example.org")
    work = lab.person("grace@work.example", lab.people.known["grace@example.org"].id)

    assert Right.MEMBER in lab.access.rights(work, NAME, None)


@pytest.mark.parametrize("role", ["member", "manager", "outsider"])
def test_whoever_does_not_own_it_decides_nothing(lab: Lab, role: str) -> None:
    grace = lab.person("grace@example.org")
    if role == "member":
        lab.add(NAME, "grace@example.org")
    if role == "manager":
        lab.world.give(NAME, "*", grace.subject, Right.MANAGE)
    before = lab.roles(NAME)
    calls: list[Callable[[], object]] = [
        lambda: lab.members.add(grace, NAME, Named(who="grace@example.org"), Right.OWNER, None),
        lambda: lab.members.remove(grace, NAME, f"owner-user-{lab.ada.subject}"),
        lambda: lab.members.remove(grace, NAME, "no such grant"),
        lambda: lab.members.transfer(grace, NAME, "grace@example.org", keep_me=False),
        lambda: lab.endings.end(grace, NAME),
        lambda: lab.endings.plan(grace, NAME),
    ]

    for call in calls:
        with pytest.raises(ForbiddenError, match=f"^Namespace {NAME} not found for {grace.subject}$"):
            call()

    assert lab.roles(NAME) == before


def test_whoever_is_in_it_sees_who_is_in_it_owners_first(lab: Lab) -> None:
    grace = lab.person("grace@example.org")
    given = lab.add(NAME, "grace@example.org")

    assert [one.right for one in lab.members.listed(grace, NAME)] == [Right.OWNER, Right.MEMBER]
    assert lab.members.listed(grace, NAME, of=Named(who="grace@example.org")) == [given]
    with pytest.raises(ForbiddenError):
        lab.members.listed(lab.person("alan@example.org"), NAME)


def test_reader_of_the_whole_project_does_not_see_who_is_in_it(lab: Lab) -> None:
    grace = lab.person("grace@example.org")
    lab.world.give(NAME, "*", grace.subject, Right.READ)

    with pytest.raises(ForbiddenError):
        lab.members.listed(grace, NAME)


def test_member_leaves_by_himself(lab: Lab) -> None:
    grace = lab.person("grace@example.org")
    given = lab.add(NAME, "grace@example.org")

    assert lab.members.remove(grace, NAME, given.id) == given

    assert lab.access.rights(grace, NAME, None) == frozenset()


def test_taking_somebody_out_twice_is_one_thing(lab: Lab) -> None:
    lab.person("grace@example.org")
    given = lab.add(NAME, "grace@example.org")

    assert lab.members.remove(lab.ada, NAME, given.id) == given
    assert lab.members.remove(lab.ada, NAME, given.id) is None


def last_owner_leaves(lab: Lab) -> None:
    lab.members.remove(lab.ada, NAME, f"owner-user-{lab.ada.subject}")


def last_owner_gets_an_end(lab: Lab) -> None:
    lab.add(NAME, "ada@example.org", Right.OWNER, SOON)


@pytest.mark.parametrize("others", ["nobody", "a group", "an owner with an end", "a member"])
@pytest.mark.parametrize("leave", [last_owner_leaves, last_owner_gets_an_end])
def test_last_lasting_owner_stays(lab: Lab, others: str, leave: Callable[[Lab], None]) -> None:
    grace = lab.person("grace@example.org")
    if others == "a group":
        lab.world.give(NAME, "*", group(lab.world.group(grace.subject)), Right.OWNER)
    if others == "an owner with an end":
        lab.add(NAME, "grace@example.org", Right.OWNER, SOON)
    if others == "a member":
        lab.add(NAME, "grace@example.org")

    with pytest.raises(InvalidError, match=f"{NAME} needs an owner who is a person"):
        leave(lab)

    (own,) = [one for one in lab.access.grants_on(NAME, "*") if one.grantee.id == lab.ada.subject]
    assert (own.right, own.until) == (Right.OWNER, None)


@pytest.mark.parametrize("leave", [last_owner_leaves, last_owner_gets_an_end])
def test_owner_leaves_once_there_is_another(lab: Lab, leave: Callable[[Lab], None]) -> None:
    grace = lab.person("grace@example.org")
    lab.add(NAME, "grace@example.org", Right.OWNER)

    leave(lab)

    owners = [one for one in lab.access.grants_on(NAME, "*") if one.right is Right.OWNER]
    assert [one.grantee.id for one in owners if one.until is None] == [grace.subject]


def test_transferred_project_is_the_others_alone(lab: Lab) -> None:
    grace = lab.person("grace@example.org")

    lab.members.transfer(lab.ada, NAME, "grace@example.org", keep_me=False)

    assert lab.roles(NAME) == {(grace.subject, "owner")}
    assert lab.access.rights(lab.ada, NAME, None) == frozenset()
    assert lab.events(NAME).count("project.transferred") == 1


def test_whoever_transfers_may_stay_a_member(lab: Lab) -> None:
    grace = lab.person("grace@example.org")

    lab.members.transfer(lab.ada, NAME, "grace@example.org", keep_me=True)

    assert lab.roles(NAME) == {(grace.subject, "owner"), (lab.ada.subject, "member")}


def test_ownership_through_a_linked_identity_is_handed_over_too(lab: Lab) -> None:
    lab.person("grace@example.org")
    work = lab.person("ada@work.example", lab.ada.subject)

    lab.members.transfer(work, NAME, "grace@example.org", keep_me=False)

    assert (lab.ada.subject, "owner") not in lab.roles(NAME)


def test_project_is_not_handed_over_to_oneself(lab: Lab) -> None:
    work = lab.person("ada@work.example", lab.ada.subject)

    for own in ("ada@example.org", "ada@work.example"):
        with pytest.raises(InvalidError, match="to: must be somebody else"):
            lab.members.transfer(work, NAME, own, keep_me=False)


@pytest.mark.parametrize("until", [None, SOON + timedelta(seconds=1)])
@pytest.mark.parametrize("role", [Right.MEMBER, Right.OWNER])
def test_owner_with_an_end_gives_nobody_a_role_for_longer(
    lab: Lab, until: datetime | None, role: Right
) -> None:
    grace = lab.person("grace@example.org")
    lab.person("alan@example.org")
    lab.add(NAME, "grace@example.org", Right.OWNER, SOON)
    before = lab.roles(NAME)

    for who in ("grace@example.org", "alan@example.org"):
        with pytest.raises(InvalidError, match=r"^until: you may give what ends by 2026-12-02T12:00:00Z"):
            lab.members.add(grace, NAME, Named(who=who), role, until)
    with pytest.raises(InvalidError, match=r"^until: you may give what ends by"):
        lab.members.transfer(grace, NAME, "alan@example.org", keep_me=False)

    assert lab.roles(NAME) == before
    assert lab.members.add(grace, NAME, Named(who="alan@example.org"), role, SOON).grant.until == SOON


def test_owner_with_an_end_neither_removes_nor_shortens_one_who_stays_longer(lab: Lab) -> None:
    grace = lab.person("grace@example.org")
    lab.person("alan@example.org")
    lab.add(NAME, "grace@example.org", Right.OWNER, SOON)
    lasting = lab.add(NAME, "alan@example.org", Right.OWNER)

    with pytest.raises(InvalidError, match=f"^until: you may change .* {lasting.id} has no end"):
        lab.members.add(grace, NAME, Named(who="alan@example.org"), Right.OWNER, SOON)
    with pytest.raises(InvalidError, match=f"^until: you may take back .* {lasting.id} has no end"):
        lab.members.remove(grace, NAME, lasting.id)

    assert lasting in lab.access.grants_on(NAME, "*")
    own = f"owner-user-{grace.subject}"
    assert lab.members.remove(grace, NAME, own) is not None, "what one was given one gives up"


def test_owner_of_whom_one_way_lasts_gives_lasting_roles(lab: Lab) -> None:
    lab.person("grace@example.org")
    lab.add(NAME, "grace@example.org", Right.OWNER, SOON)
    work = lab.person("grace@work.example", lab.people.known["grace@example.org"].id)
    lab.add(NAME, "grace@work.example", Right.OWNER)
    lab.person("alan@example.org")

    assert lab.members.add(work, NAME, Named(who="alan@example.org"), Right.OWNER, None).grant.until is None


def test_end_of_a_membership_that_is_over_is_refused(lab: Lab) -> None:
    lab.person("grace@example.org")

    with pytest.raises(InvalidError, match="until: must be later than now"):
        lab.add(NAME, "grace@example.org", until=START)


def test_frozen_project_still_gets_and_loses_members(lab: Lab) -> None:
    grace = lab.person("grace@example.org")
    lab.projects.change(lab.ada, NAME, {"ends": SOON}, dry_run=False)
    lab.world.now = SOON.timestamp()

    given = lab.add(NAME, "grace@example.org")
    assert lab.access.rights(grace, NAME, None) == {Right.READ}
    lab.members.remove(lab.ada, NAME, given.id)

    assert lab.roles(NAME) == {(lab.ada.subject, "owner")}


def test_stranger_learns_nothing_of_a_project_that_is_not_there(lab: Lab) -> None:
    stranger = lab.person("stranger@example.org")

    for name in (NAME, "no-such-project", identity()):
        with pytest.raises(ForbiddenError, match=f"^Namespace {name} not found for {stranger.subject}$"):
            lab.members.listed(stranger, name)

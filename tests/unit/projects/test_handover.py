"""An operator hands a project over, when none of its owners can."""

from __future__ import annotations

import pytest

from octopus.access.models import Right
from octopus.audit.events import OPERATOR
from octopus.errors import InvalidError, NotFoundError, OverLimitError
from octopus.sharing.grantees import Named
from tests.trail import recorded
from tests.unit.access.world import identity
from tests.unit.projects.lab import Lab

NAME = "beamline-7"
GRACE = "grace@example.org"


@pytest.fixture(autouse=True)
def project(lab: Lab) -> None:
    """Ada's."""
    lab.create(NAME)


def test_project_is_the_new_owners_alone_and_members_stay(lab: Lab, table: str) -> None:
    grace, bob = lab.person(GRACE), lab.person("bob@example.org")
    team = lab.world.group(identity())
    lab.add(NAME, "bob@example.org")
    lab.memberships.names[team] = "Beamline team"
    lab.memberships.members[team] = {lab.ada.subject}
    lab.members.add(lab.ada, NAME, Named(group=team), Right.OWNER, None)

    given = lab.handovers.hand_over(NAME, GRACE)

    assert lab.roles(NAME) == {(grace.subject, "owner"), (bob.subject, "member")}
    assert (given.grantee.id, given.shown_as, given.by) == (grace.subject, GRACE, OPERATOR)
    assert lab.access.rights(lab.ada, NAME, None) == frozenset()
    told = [one for one in recorded(lab.world.client, table) if one.type == "project.transferred"]
    assert {(one.actor, one.subject) for one in told} == {(OPERATOR, grace.subject)}


def test_person_is_named_by_uuid_too_and_asking_again_changes_nothing(lab: Lab) -> None:
    grace = lab.person(GRACE)

    first = lab.handovers.hand_over(NAME, grace.subject)

    assert lab.handovers.hand_over(NAME, GRACE) == first
    assert lab.events(NAME).count("project.transferred") == 1


def test_owner_stays_when_it_is_handed_to_him(lab: Lab) -> None:
    lab.person(GRACE)
    lab.add(NAME, GRACE, Right.OWNER)

    lab.handovers.hand_over(NAME, "ada@example.org")

    assert lab.roles(NAME) == {(lab.ada.subject, "owner")}
    assert lab.events(NAME).count("project.transferred") == 1


def test_nobody_gets_a_project_that_is_not_there_or_has_ended(lab: Lab) -> None:
    lab.person(GRACE)
    lab.create("ended")
    lab.endings.end(lab.ada, "ended")

    for name in ("ended", "never-there", "ns-3f2a5c1b9e44"):
        with pytest.raises(NotFoundError, match=f"There is no project {name}"):
            lab.handovers.hand_over(name, GRACE)

    assert (lab.people.resolve(GRACE).id, "owner") not in lab.roles("ended")


def test_nobody_loses_it_to_somebody_unknown_or_full(lab: Lab) -> None:
    with pytest.raises(InvalidError):
        lab.handovers.hand_over(NAME, GRACE)
    lab.person(GRACE)
    lab.most_rights = 1
    with pytest.raises(OverLimitError):
        lab.handovers.hand_over(NAME, GRACE)

    assert lab.roles(NAME) == {(lab.ada.subject, "owner")}

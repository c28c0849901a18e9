"""Topics and whole projects shared, and taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from octopus.access.models import Right, group, user
from octopus.errors import ForbiddenError, InvalidError, NotFoundError, OverLimitError, UnavailableError
from octopus.identity.models import Caller
from octopus.sharing.grantees import Named
from octopus.sharing.replies import given_reply
from tests.unit.access.world import START, identity
from tests.unit.projects.lab import Lab

SOON = START + timedelta(days=10)
GRACE = Named(who="grace@example.org")


@pytest.fixture
def own(lab: Lab) -> str:
    """Ada's own namespace, with a topic ``frames``."""
    namespace = f"ns-{lab.ada.subject[-12:]}"
    lab.world.namespace(namespace, lab.ada.subject)
    lab.world.account(lab.ada.subject)
    lab.topics.create(lab.ada, namespace, "frames")
    return namespace


@pytest.fixture
def grace(lab: Lab) -> Caller:
    """Somebody else."""
    return lab.person("grace@example.org")


def test_topic_is_shared_by_name_and_stored_by_identity(lab: Lab, own: str, grace: Caller) -> None:
    given = lab.sharing.give(lab.ada, own, "frames", GRACE, Right.READ, SOON).grant

    assert (given.grantee, given.shown_as, given.by) == (
        user(grace.subject),
        "grace@example.org",
        lab.ada.subject,
    )
    assert lab.access.rights(grace, own, "frames") == {Right.READ}
    assert lab.sharing.grants(lab.ada, own, "frames") == [given]
    assert [one.grant for one in lab.sharing.shared_with(grace)] == [given]
    assert lab.events(own).count("grant.given") == 1


def test_sharing_twice_is_one_thing_and_the_last_end_counts(lab: Lab, own: str, grace: Caller) -> None:
    lab.sharing.give(lab.ada, own, "frames", GRACE, Right.READ, SOON)

    again = lab.sharing.give(lab.ada, own, "frames", GRACE, Right.READ, None).grant

    assert lab.sharing.grants(lab.ada, own, "frames") == [again]
    assert again.until is None
    assert lab.access.rights(grace, own, "frames") == {Right.READ}


def test_right_ends_by_itself(lab: Lab, own: str, grace: Caller) -> None:
    lab.sharing.give(lab.ada, own, "frames", GRACE, Right.READ, SOON)

    lab.world.now = SOON.timestamp()

    assert lab.access.rights(grace, own, "frames") == frozenset()
    assert lab.sharing.shared_with(grace) == []


def test_right_taken_back_is_gone(lab: Lab, own: str, grace: Caller) -> None:
    given = lab.sharing.give(lab.ada, own, "frames", GRACE, Right.READ, None).grant

    assert lab.sharing.take(lab.ada, own, "frames", given.id) == given
    assert lab.sharing.take(lab.ada, own, "frames", given.id) is None

    assert lab.access.rights(grace, own, "frames") == frozenset()
    assert lab.world.rows("GRANT") == []


def test_whoever_was_given_a_right_gives_it_up(lab: Lab, own: str, grace: Caller) -> None:
    given = lab.sharing.give(lab.ada, own, "frames", GRACE, Right.READ, None).grant
    work = lab.person("grace@work.example", grace.subject)

    assert lab.sharing.take(work, own, "frames", given.id) == given


def test_group_reads_through_the_grant_that_names_it(lab: Lab, own: str, grace: Caller) -> None:
    team = lab.team("Team", lab.ada, grace)

    given = lab.sharing.give(lab.ada, own, "frames", Named(group=team), Right.WRITE, None).grant

    assert (given.grantee, given.shown_as) == (group(team), "Team")
    (held,) = lab.sharing.shared_with(grace)
    assert held.through_group == team
    (reason,) = [one for one in lab.sharing.who(lab.ada, own, "frames") if one.through_group]
    assert (reason.identity, reason.right, reason.through_group, reason.members) == (
        None,
        Right.WRITE,
        team,
        2,
    )


def test_big_group_has_one_grant_however_often_it_is_asked_for_while_members_follow(
    lab: Lab, own: str, grace: Caller
) -> None:
    team = lab.team("Team", lab.ada, grace)
    lab.memberships.big.add(team)

    given = lab.sharing.give(lab.ada, own, "frames", Named(group=team), Right.READ, None)
    again = lab.sharing.give(lab.ada, own, "frames", Named(group=team), Right.READ, None)

    assert given == again
    assert lab.sharing.grants(lab.ada, own, "frames") == [given.grant]
    said = "Team has read on topic frames; it has many members, who follow within seconds"
    assert given_reply(given, "topic frames").message == said


def test_group_that_the_fabric_is_not_shown_gets_nothing(lab: Lab, own: str) -> None:
    with pytest.raises(InvalidError, match="shows this fabric no members"):
        lab.sharing.give(lab.ada, own, "frames", Named(group=identity()), Right.READ, None)

    assert lab.world.rows("GRANT") == []


def test_group_is_as_unknown_to_whoever_is_not_in_it_as_one_that_there_is_not(
    lab: Lab, own: str, grace: Caller
) -> None:
    there, nowhere = lab.team("Private", grace), identity()
    said = []
    for team in (there, nowhere):
        with pytest.raises(InvalidError) as refused:
            lab.sharing.give(lab.ada, own, "frames", Named(group=team), Right.READ, None)
        said.append(refused.value.message.replace(team, ""))

    assert said[0] == said[1]
    assert lab.world.rows("GRANT") == []
    assert lab.sharing.who(lab.ada, own, "frames")[1:] == []


def test_group_is_named_by_whoever_is_in_it_with_a_linked_identity(lab: Lab, own: str, grace: Caller) -> None:
    lab.world.give(own, "frames", grace.subject, Right.MANAGE)
    private = lab.person("grace@home.example")
    work = lab.person("grace@work.example", grace.subject, private.subject)

    given = lab.sharing.give(
        work, own, "frames", Named(group=lab.team("Choir", private)), Right.READ, None
    ).grant

    assert given.shown_as == "Choir"


@pytest.mark.parametrize("right", [Right.READ, Right.WRITE, None])
def test_whoever_does_not_manage_a_topic_shares_nothing(
    lab: Lab, own: str, grace: Caller, right: Right | None
) -> None:
    if right is not None:
        lab.world.give(own, "frames", grace.subject, right)
    before = lab.world.rows("GRANT")
    calls: list[Callable[[str], object]] = [
        lambda namespace: lab.sharing.give(grace, namespace, "frames", GRACE, Right.READ, None),
        lambda namespace: lab.sharing.take(grace, namespace, "frames", "read-user-x"),
        lambda namespace: lab.sharing.grants(grace, namespace, "frames"),
        lambda namespace: lab.sharing.who(grace, namespace, "frames"),
    ]

    for call in calls:
        for namespace in (own, "ns-000000000000"):
            with pytest.raises(
                ForbiddenError, match=f"^Namespace {namespace} not found for {grace.subject}$"
            ):
                call(namespace)

    assert lab.world.rows("GRANT") == before


def test_manager_shares_the_topic_he_manages_and_no_other(lab: Lab, own: str, grace: Caller) -> None:
    lab.topics.create(lab.ada, own, "others")
    alan = lab.person("alan@example.org")
    lab.sharing.give(lab.ada, own, "frames", GRACE, Right.MANAGE, None)
    assert lab.world.held(grace.subject) == frozenset(), "managing is no right to records"

    lab.sharing.give(grace, own, "frames", Named(who="alan@example.org"), Right.READ, None)

    assert lab.access.rights(alan, own, "frames") == {Right.READ}
    with pytest.raises(ForbiddenError):
        lab.sharing.give(grace, own, "others", Named(who="alan@example.org"), Right.READ, None)


def test_topic_that_there_is_not_is_shared_with_nobody(lab: Lab, own: str) -> None:
    refusal = f"Topic nope not found in {own}"

    with pytest.raises(NotFoundError, match=refusal):
        lab.sharing.grants(lab.ada, own, "nope")
    with pytest.raises(NotFoundError, match=refusal):
        lab.sharing.who(lab.ada, own, "nope")


@pytest.mark.parametrize("topic", ["absent", "no such name", "*", "x" * 3000, None])
def test_what_there_is_not_is_not_shared_and_a_personal_namespace_not_whole(
    lab: Lab, own: str, grace: Caller, topic: str | None
) -> None:
    with pytest.raises(NotFoundError if topic == "absent" else ForbiddenError):
        lab.sharing.give(lab.ada, own, topic, GRACE, Right.READ, None)

    assert lab.world.rows("GRANT") == []


@pytest.mark.parametrize("state", ["creating", "deleting"])
def test_topic_that_comes_or_goes_just_now_is_not_shared(
    lab: Lab, own: str, grace: Caller, state: str
) -> None:
    lab.world.put(f"NAMESPACE#{own}", "TOPIC#frames", state={"S": state})

    with pytest.raises(NotFoundError):
        lab.sharing.give(lab.ada, own, "frames", GRACE, Right.READ, None)


def test_topic_that_is_being_made_anew_is_shared(lab: Lab, own: str, grace: Caller) -> None:
    lab.world.put(f"NAMESPACE#{own}", "TOPIC#frames", state={"S": "recreating"})

    assert lab.sharing.give(lab.ada, own, "frames", GRACE, Right.READ, None)


def test_namespace_that_is_being_deleted_meanwhile_is_not_shared(
    lab: Lab, own: str, grace: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve = lab.people.resolve

    def deletes(who: str) -> Any:
        lab.world.namespace(own, lab.ada.subject, state="deleting")
        return resolve(who)

    monkeypatch.setattr(lab.people, "resolve", deletes)

    with pytest.raises(UnavailableError, match="nothing was done"):
        lab.sharing.give(lab.ada, own, "frames", GRACE, Right.READ, None)

    assert lab.world.rows("GRANT") == []


@pytest.mark.parametrize("until", [None, SOON + timedelta(seconds=1)])
@pytest.mark.parametrize("topic", ["frames", None], ids=["topic", "project"])
def test_manager_with_an_end_gives_nothing_for_longer_not_even_to_himself(
    lab: Lab, grace: Caller, until: datetime | None, topic: str | None
) -> None:
    lab.create("beamline-7")
    lab.topics.create(lab.ada, "beamline-7", "frames")
    lab.person("alan@example.org")
    lab.sharing.give(lab.ada, "beamline-7", topic, GRACE, Right.MANAGE, SOON)
    before = lab.world.rows("GRANT")

    for who, right in (("grace@example.org", Right.MANAGE), ("alan@example.org", Right.READ)):
        with pytest.raises(InvalidError, match=r"^until: you may give what ends by 2026-12-02T12:00:00Z"):
            lab.sharing.give(grace, "beamline-7", topic, Named(who=who), right, until)

    assert lab.world.rows("GRANT") == before
    assert lab.sharing.give(grace, "beamline-7", topic, GRACE, Right.READ, SOON).grant.until == SOON
    lab.world.now = SOON.timestamp()
    assert lab.access.rights(grace, "beamline-7", "frames") == frozenset()


def test_manager_with_an_end_neither_takes_nor_shortens_what_lasts_longer(
    lab: Lab, own: str, grace: Caller
) -> None:
    lab.person("alan@example.org")
    lab.sharing.give(lab.ada, own, "frames", GRACE, Right.MANAGE, SOON)
    alan = Named(who="alan@example.org")
    lasting = lab.sharing.give(lab.ada, own, "frames", alan, Right.MANAGE, None).grant
    short = lab.sharing.give(lab.ada, own, "frames", alan, Right.READ, SOON).grant

    with pytest.raises(InvalidError, match=f"^until: you may change .* {lasting.id} has no end"):
        lab.sharing.give(grace, own, "frames", alan, Right.MANAGE, SOON)
    with pytest.raises(InvalidError, match=f"^until: you may take back .* {lasting.id} has no end"):
        lab.sharing.take(grace, own, "frames", lasting.id)

    assert lasting in lab.sharing.grants(lab.ada, own, "frames")
    assert lab.sharing.take(grace, own, "frames", short.id) == short


def test_manager_whose_longest_way_has_no_end_gives_what_has_none(lab: Lab, own: str, grace: Caller) -> None:
    lab.sharing.give(lab.ada, own, "frames", GRACE, Right.MANAGE, SOON)
    team = lab.team("Managers", lab.ada, grace)
    lab.sharing.give(lab.ada, own, "frames", Named(group=team), Right.MANAGE, None)

    assert lab.sharing.give(grace, own, "frames", GRACE, Right.READ, None).grant.until is None


def test_owner_is_given_nothing_on_his_own(lab: Lab, own: str) -> None:
    with pytest.raises(InvalidError, match=f"who: ada@example.org owns {own}"):
        lab.sharing.give(lab.ada, own, "frames", Named(who="ada@example.org"), Right.READ, None)


def test_topic_of_a_namespace_that_was_moved_is_shared_with_whom_it_was_of(
    lab: Lab, own: str, grace: Caller
) -> None:
    lab.world.namespace(own, grace.subject)

    given = lab.sharing.give(grace, own, "frames", Named(who="ada@example.org"), Right.READ, None).grant

    assert given.grantee == user(lab.ada.subject)
    with pytest.raises(InvalidError, match=f"who: grace@example.org owns {own}"):
        lab.sharing.give(grace, own, "frames", GRACE, Right.READ, None)


@pytest.mark.parametrize("until", ["9999-01-01T00:00:00+00:00", "9998-12-31T23:59:59-05:00"])
def test_end_that_is_too_far_away_to_count_with_is_refused(
    lab: Lab, own: str, grace: Caller, until: str
) -> None:
    with pytest.raises(InvalidError, match=r"^until: must be in a year up to 9998 in UTC"):
        lab.sharing.give(lab.ada, own, "frames", GRACE, Right.READ, datetime.fromisoformat(until))


def test_right_that_is_over_is_not_given(lab: Lab, own: str, grace: Caller) -> None:
    with pytest.raises(InvalidError, match="until: must be later than now"):
        lab.sharing.give(lab.ada, own, "frames", GRACE, Right.READ, START)


def test_whole_project_is_shared_with_topics_to_come(lab: Lab, grace: Caller) -> None:
    lab.create("beamline-7")
    lab.sharing.give(lab.ada, "beamline-7", None, GRACE, Right.READ, None)

    lab.topics.create(lab.ada, "beamline-7", "later")

    assert lab.access.rights(grace, "beamline-7", "later") == {Right.READ}


def test_roles_are_not_among_the_grants_of_a_project_and_not_taken_with_them(lab: Lab, grace: Caller) -> None:
    lab.create("beamline-7")
    lab.add("beamline-7", "grace@example.org")
    lab.sharing.give(lab.ada, "beamline-7", None, GRACE, Right.MANAGE, None)

    assert [one.right for one in lab.sharing.grants(lab.ada, "beamline-7", None)] == [Right.MANAGE]
    assert lab.sharing.take(grace, "beamline-7", None, f"owner-user-{lab.ada.subject}") is None
    assert lab.sharing.take(lab.ada, "beamline-7", None, f"member-user-{grace.subject}") is None
    assert len(lab.roles("beamline-7")) == 3


def test_grants_of_one_person_or_group_are_found(lab: Lab, own: str, grace: Caller) -> None:
    lab.person("alan@example.org")
    lab.sharing.give(lab.ada, own, "frames", Named(who="alan@example.org"), Right.READ, None)
    mine = lab.sharing.give(lab.ada, own, "frames", GRACE, Right.READ, None).grant

    assert lab.sharing.grants(lab.ada, own, "frames", to=GRACE) == [mine]
    assert lab.sharing.grants(lab.ada, own, "frames", to=Named(who=grace.subject)) == [mine]
    assert lab.sharing.grants(lab.ada, own, "frames", to=Named(group=identity())) == []


def test_member_of_a_frozen_project_shares_nothing_and_neither_does_a_manager(
    lab: Lab, grace: Caller
) -> None:
    lab.create("beamline-7", ends=SOON)
    lab.topics.create(lab.ada, "beamline-7", "frames")
    lab.sharing.give(lab.ada, "beamline-7", None, GRACE, Right.MANAGE, None)
    lab.world.now = SOON.timestamp()

    with pytest.raises(ForbiddenError):
        lab.sharing.give(grace, "beamline-7", "frames", GRACE, Right.READ, None)


@pytest.mark.parametrize("topic", ["frames", None], ids=["topic", "project"])
def test_owner_of_a_frozen_project_sees_and_takes_what_is_shared_and_gives_nothing(
    lab: Lab, grace: Caller, topic: str | None
) -> None:
    lab.create("beamline-7", ends=SOON)
    lab.topics.create(lab.ada, "beamline-7", "frames")
    given = lab.sharing.give(lab.ada, "beamline-7", topic, GRACE, Right.READ, None).grant
    lab.world.now = SOON.timestamp()

    assert lab.sharing.grants(lab.ada, "beamline-7", topic) == [given]
    assert grace.subject in {one.identity for one in lab.sharing.who(lab.ada, "beamline-7", "frames")}
    with pytest.raises(ForbiddenError):
        lab.sharing.give(lab.ada, "beamline-7", topic, GRACE, Right.WRITE, None)
    assert lab.sharing.take(lab.ada, "beamline-7", topic, given.id) == given

    assert lab.access.rights(grace, "beamline-7", "frames") == frozenset()


def test_names_are_those_that_globus_tells(lab: Lab, grace: Caller) -> None:
    unknown = identity()

    assert lab.sharing.names([grace.subject, unknown]) == {grace.subject: "grace@example.org"}


def test_person_whose_policies_are_full_is_given_no_more_but_a_project_managed(
    lab: Lab, own: str, grace: Caller
) -> None:
    lab.world.namespace("ns-000000000000", identity())
    lab.world.give("ns-000000000000", "theirs", grace.subject, Right.READ)
    lab.most_rights = 2  # her own namespace's, and that one

    with pytest.raises(OverLimitError, match="holds as many topics and projects as IAM takes") as refused:
        lab.sharing.give(lab.ada, own, "frames", GRACE, Right.READ, None)

    assert not any(character.isdecimal() for character in refused.value.message), "tells what else she holds"
    lab.sharing.give(lab.ada, own, "frames", GRACE, Right.MANAGE, None)
    lab.create("beamline-7")
    with pytest.raises(OverLimitError):
        lab.add("beamline-7", "grace@example.org")


@pytest.mark.parametrize("holds", ["linked identity", "group", "further namespaces"])
def test_room_is_that_of_everybody_for_whom_the_grant_counts(
    lab: Lab, own: str, grace: Caller, holds: str
) -> None:
    lab.world.namespace("ns-000000000000", identity())
    work, team = identity(), lab.team("Team", grace)
    lab.world.link(work, grace.subject)
    if holds == "linked identity":
        lab.world.give("ns-000000000000", "theirs", work, Right.READ)
    if holds == "group":
        lab.world.give("ns-000000000000", "theirs", group(team), Right.READ)
    if holds == "further namespaces":
        lab.world.account(work, namespaces=[f"ns-{work[-12:]}", "ns-000000000001"])
    lab.most_rights = 2  # one's own namespace's, and one more

    with pytest.raises(OverLimitError, match=r"who: grace@example\.org holds as many"):
        lab.sharing.give(lab.ada, own, "frames", GRACE, Right.READ, None)
    lab.most_rights = 3
    assert lab.sharing.give(lab.ada, own, "frames", GRACE, Right.READ, None)

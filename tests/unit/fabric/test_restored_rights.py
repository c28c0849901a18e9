"""Rights and projects after an unclean stop: the registry goes back, and the log says what was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from octopus.access.models import Right
from octopus.audit.trail import Trail
from octopus.errors import InvalidError
from octopus.fabric.healing import grants, openness, projects
from octopus.fabric.healing.journal import Entry
from octopus.projects.models import Standing
from octopus.projects.restored import RestoredProjects
from octopus.topics.changes import Wish
from octopus.topics.configuration import Configuration
from octopus.topics.healing import Healing
from tests.memory_kafka import MemoryGroups, MemoryKafka
from tests.unit.access.world import START
from tests.unit.projects.lab import Lab
from tests.unit.topics.world import BOUNDS

NAME = "beamline-7"
SOON = START + timedelta(days=10)
LATER = START + timedelta(days=3650)


@pytest.fixture
def kafka() -> MemoryKafka:
    """The brokers, which lose nothing."""
    return MemoryKafka()


@pytest.fixture
def lab(database: Any, table: str, kafka: MemoryKafka) -> Lab:
    """With a project of Ada's that has a topic, and with people who are in nothing yet."""
    made = Lab(database, table, kafka, MemoryGroups(kafka))
    for name in ("grace", "alan"):
        made.person(f"{name}@example.org")
    made.create(NAME)
    made.topics.create(made.ada, NAME, "frames")
    return made


@pytest.fixture
def restored(lab: Lab) -> RestoredProjects:
    """What repairs projects."""
    world = lab.world
    return RestoredProjects(
        store=lab.store,
        leases=lab.leases,
        refreshes=world.refreshes,
        trail=Trail(world.client, world.table, kept_days=1),
    )


@contextmanager
def going_back(lab: Lab) -> Iterator[list[Entry]]:
    """What is done inside is lost to the registry when the block ends; the log of it is left."""
    client, table = lab.world.client, lab.world.table
    saved = client.scan(TableName=table)["Items"]
    journal: list[Entry] = []
    with capture_logs() as lines:
        yield journal
    journal += [{**line, "time": START.isoformat()} for line in lines]
    for item in client.scan(TableName=table)["Items"]:
        client.delete_item(TableName=table, Key={"pk": item["pk"], "sk": item["sk"]})
    for item in saved:
        client.put_item(TableName=table, Item=item)


def subject(lab: Lab, name: str) -> str:
    return lab.people.known[f"{name}@example.org"].id


def take_again(lab: Lab, restored: RestoredProjects, journal: list[Entry]) -> list[str]:
    """The first part of mending, as `octopus.fabric.heal.withdraw` does it."""
    return [
        *grants.take_again(lab.access, grants.last_words(journal)),
        *projects.take_again(restored, journal),
    ]


def make_again(lab: Lab, restored: RestoredProjects, journal: list[Entry]) -> list[str]:
    """The second part, as far as it is about projects and rights."""
    words = grants.last_words(journal)
    table = lab.world.table
    return [
        *projects.make_again(restored, journal),
        *grants.give_again(lab.access, table, grants.on_whole_projects(words)),
        *grants.give_again(lab.access, table, grants.on_topics(words)),
    ]


def test_right_that_was_revoked_does_not_come_back(lab: Lab, restored: RestoredProjects) -> None:
    given = lab.world.give(NAME, "frames", subject(lab, "grace"), Right.READ)
    member = lab.add(NAME, "alan@example.org")
    with going_back(lab) as journal:
        lab.sharing.take(lab.ada, NAME, "frames", given.id)
        lab.members.remove(lab.ada, NAME, member.id)
    lab.world.refreshed.clear()

    said = take_again(lab, restored, journal)

    assert not lab.world.held(subject(lab, "grace"))
    assert lab.roles(NAME) == {(lab.ada.subject, "owner")}
    assert {subject(lab, "grace"), subject(lab, "alan")} <= set(lab.world.refreshed)
    assert len(said) == 1
    assert "Revoked 2 grants again" in said[0]
    assert f"read on {NAME}.frames of someone@example.org" in said[0]
    assert take_again(lab, restored, journal) == make_again(lab, restored, journal) == []


def test_right_that_was_given_sooner_an_end_does_not_last_longer(
    lab: Lab, restored: RestoredProjects
) -> None:
    lab.world.give(NAME, "frames", subject(lab, "grace"), Right.READ)
    with going_back(lab) as journal:
        lab.world.give(NAME, "frames", subject(lab, "grace"), Right.READ, until=SOON)

    (said,) = take_again(lab, restored, journal)

    assert "Set the end of 1 grants again" in said
    assert [grant.until for grant in lab.access.grants_on(NAME, "frames")] == [SOON]


def test_right_that_was_given_is_given_again_whole_unless_it_was_revoked(
    lab: Lab, restored: RestoredProjects
) -> None:
    with going_back(lab) as journal:
        kept = lab.world.give(NAME, "frames", subject(lab, "grace"), Right.READ, until=LATER)
        gone = lab.world.give(NAME, "frames", subject(lab, "alan"), Right.READ)
        lab.sharing.take(lab.ada, NAME, "frames", gone.id)

    assert take_again(lab, restored, journal) == []
    assert lab.access.grants_on(NAME, "frames") == []
    (said,) = make_again(lab, restored, journal)

    assert said == (
        f"Gave 1 grants again that were given after that state: read on {NAME}.frames of someone@example.org."
    )
    assert lab.access.grants_on(NAME, "frames") == [kept]


def test_right_on_what_is_not_there_any_more_is_said_to_be_lost(lab: Lab, restored: RestoredProjects) -> None:
    with going_back(lab) as journal:
        lab.topics.create(lab.ada, NAME, "unheard-of")
        lab.world.give(NAME, "unheard-of", subject(lab, "grace"), Right.READ)

    (said,) = make_again(lab, restored, journal)

    assert f"Lost 1 grants, on what is not there any more: read on {NAME}.unheard-of of" in said
    assert not lab.world.held(subject(lab, "grace"))


def test_right_that_moved_to_another_identity_is_that_ones_alone(
    lab: Lab, restored: RestoredProjects
) -> None:
    lab.world.give(NAME, "frames", subject(lab, "grace"), Right.READ, until=LATER)
    with going_back(lab) as journal:
        lab.access.move_all(subject(lab, "grace"), subject(lab, "alan"))

    take_again(lab, restored, journal)
    assert lab.access.grants_on(NAME, "frames") == []
    make_again(lab, restored, journal)

    (grant,) = lab.access.grants_on(NAME, "frames")
    assert (grant.grantee.id, grant.until) == (subject(lab, "alan"), LATER)


def test_line_that_does_not_hold_all_of_a_grant_gives_nothing(lab: Lab, restored: RestoredProjects) -> None:
    with going_back(lab) as journal:
        lab.world.give(NAME, "frames", subject(lab, "grace"), Right.READ, until=LATER)
    (line,) = [entry for entry in journal if entry["event"] == "grant.given"]

    for field in ("right", "grantee_kind", "grantee", "until", "by", "shown_as", "topic"):
        cut = {name: value for name, value in line.items() if name != field}
        assert make_again(lab, restored, [cut]) == []
    assert make_again(lab, restored, [{**line, "right": "everything"}]) == []

    assert lab.access.grants_on(NAME, "frames") == []


def test_project_that_was_transferred_is_its_new_owners(lab: Lab, restored: RestoredProjects) -> None:
    with going_back(lab) as journal:
        lab.members.transfer(lab.ada, NAME, "grace@example.org", keep_me=False)

    take_again(lab, restored, journal)
    make_again(lab, restored, journal)

    assert lab.roles(NAME) == {(subject(lab, "grace"), "owner")}


def test_project_that_was_ended_is_ended_again_and_leaves_nothing(
    lab: Lab, restored: RestoredProjects, kafka: MemoryKafka
) -> None:
    lab.add(NAME, "grace@example.org")
    with going_back(lab) as journal:
        lab.endings.end(lab.ada, NAME)

    (said,) = take_again(lab, restored, journal)

    assert said == f"Ended 1 projects again: {NAME}."
    assert not lab.world.held(lab.ada.subject)
    assert not lab.world.held(subject(lab, "grace"))
    assert make_again(lab, restored, journal) == []
    lab.settle()
    assert kafka.held == {}
    assert lab.store.ended_by(NAME) == lab.ada.subject


def test_project_that_was_made_is_its_owners_again_with_its_topics_and_members(
    lab: Lab, restored: RestoredProjects, kafka: MemoryKafka
) -> None:
    with going_back(lab) as journal:
        lab.create("lab-a", ends=SOON)
        lab.topics.create(lab.ada, "lab-a", "spectra")
        lab.add("lab-a", "grace@example.org")

    said = make_again(lab, restored, journal)
    assert said[0].startswith("Made 1 projects again: lab-a. Their descriptions")
    found = list(projects.reconcile(healing(lab, kafka), restored, kafka))

    assert found == ["Adopted 1 topics of projects: lab-a.spectra"]
    assert lab.roles("lab-a") == {(lab.ada.subject, "owner"), (subject(lab, "grace"), "member")}
    seen = lab.projects.describe(lab.ada, "lab-a")
    assert (seen.standing, seen.project.ends) == (Standing.ACTIVE, SOON)


def test_name_of_a_project_that_was_made_and_ended_is_never_given_again(
    lab: Lab, restored: RestoredProjects, kafka: MemoryKafka
) -> None:
    with going_back(lab) as journal:
        lab.create("lab-a")
        lab.topics.create(lab.ada, "lab-a", "spectra")
        lab.endings.end(lab.ada, "lab-a")

    take_again(lab, restored, journal)
    assert make_again(lab, restored, journal) == []
    lab.settle()

    assert "lab-a.spectra" not in kafka.held
    with pytest.raises(InvalidError, match="is or was in use"):
        lab.create("lab-a", by=lab.person("eve@example.org"))


def test_project_ends_when_it_was_to_end_last_and_lost_settings_are_said(
    lab: Lab, restored: RestoredProjects
) -> None:
    with going_back(lab) as journal:
        lab.projects.change(lab.ada, NAME, {"ends": SOON, "description": "spectra"}, dry_run=False)

    assert take_again(lab, restored, journal) == [f"Set the end of 1 projects again: {NAME}."]

    assert lab.projects.describe(lab.ada, NAME).project.ends == SOON
    assert make_again(lab, restored, journal) == [
        f"Lost changes of the settings of 1 projects, which have older ones: {NAME}."
    ]


def test_topic_that_was_public_is_not_again_and_none_is_opened(
    lab: Lab, restored: RestoredProjects, kafka: MemoryKafka
) -> None:
    configuration = Configuration(turns=lab.turns, kafka=kafka, bounds=BOUNDS)

    def open_to(topic: str, *, public: bool) -> None:
        configuration.change(lab.ada, NAME, topic, Wish(about={"public": public, "listed": public}))

    for topic in ("spectra", "images"):
        lab.topics.create(lab.ada, NAME, topic)
        open_to(topic, public=True)
    with going_back(lab) as journal:
        open_to("spectra", public=False)
        open_to("frames", public=True)
        lab.topics.delete(lab.ada, NAME, "images")
        lab.topics.create(lab.ada, NAME, "images")

    (said,) = openness.close_again(healing(lab, kafka), journal)

    assert f"Closed 2 topics again that were public or listed: {NAME}.images, {NAME}.spectra." in said
    for topic in ("spectra", "images", "frames"):
        about = configuration.describe(lab.ada, NAME, topic).about
        assert (about.public, about.listed) == (False, False)
    assert not list(openness.close_again(healing(lab, kafka), journal))


def test_topics_of_a_project_that_nobody_knows_are_said_and_nobody_gets_them(
    lab: Lab, restored: RestoredProjects, kafka: MemoryKafka
) -> None:
    for name in ("lab-a.spectra", "octopus.audit", "ns-3f2a5c1b9e44.mine", "__consumer_offsets"):
        kafka.create(name)

    (said,) = projects.reconcile(healing(lab, kafka), restored, kafka)

    assert "topics of 1 projects that are unknown here: lab-a." in said
    with pytest.raises(InvalidError, match="is or was in use"):
        lab.create("lab-a")


def healing(lab: Lab, kafka: MemoryKafka) -> Healing:
    """What brings topics in line with Kafka."""
    return Healing(turns=lab.turns, kafka=kafka)

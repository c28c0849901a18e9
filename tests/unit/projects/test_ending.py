"""The end of a project, whole and cut short."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from octopus.access.models import Right, group
from octopus.errors import ForbiddenError, InvalidError, UnavailableError
from octopus.kafka.asking import KafkaAwayError
from octopus.registry.leases import LIFE_S
from tests.memory_kafka import MemoryGroups, MemoryKafka, unwatched
from tests.unit.projects.lab import LAST_REQUESTS_S, Lab

NAME = "beamline-7"


@pytest.fixture
def full(lab: Lab, kafka: MemoryKafka) -> Lab:
    """With a project that has a member, a topic that is shared, and a consumer group."""
    lab.create(NAME)
    lab.person("grace@example.org")
    lab.person("alan@example.org")
    lab.add(NAME, "grace@example.org")
    lab.topics.create(lab.ada, NAME, "frames")
    lab.world.give(NAME, "frames", lab.people.known["alan@example.org"].id, Right.READ)
    kafka.groups[f"{NAME}.readers"] = False
    return lab


def left(lab: Lab, kafka: MemoryKafka) -> list[tuple[str, str]]:
    """Rows of the registry that are about the project, but for the audit."""
    assert [name for name in kafka.held if name.startswith(NAME)] == []
    assert [name for name in kafka.groups if name.startswith(NAME)] == []
    rows = lab.world.rows("")
    return [row for row in rows if NAME in str(row) and not row[0].startswith(("AUDIT#", "OUTBOX#"))]


def test_plan_says_what_would_go_and_nothing_goes(full: Lab, kafka: MemoryKafka) -> None:
    plan = full.endings.plan(full.ada, NAME)

    assert (plan.topics, plan.grants, plan.groups) == (("frames",), 3, (f"{NAME}.readers",))
    full.settle()
    assert f"{NAME}.frames" in kafka.held
    assert len(full.access.grants_on(NAME)) == 3


def test_nobody_has_a_right_as_soon_as_it_is_ended(full: Lab) -> None:
    assert full.endings.end(full.ada, NAME)

    for person in ("ada@example.org", "grace@example.org", "alan@example.org"):
        subject = full.people.known[person].id
        assert not full.world.held(subject)
    with pytest.raises(ForbiddenError):
        full.projects.describe(full.ada, NAME)
    with pytest.raises(ForbiddenError):
        full.add(NAME, "alan@example.org")
    assert full.projects.listed(full.ada) == []


def test_topics_wait_for_the_last_requests(full: Lab, kafka: MemoryKafka) -> None:
    full.endings.end(full.ada, NAME)

    full.world.refreshes.work_off()
    full.endings.heal_all()
    assert full.access.grants_on(NAME) == []
    full.world.now += LAST_REQUESTS_S - 1
    full.endings.heal_all()
    assert f"{NAME}.frames" in kafka.held

    full.world.now += 2
    full.endings.heal_all()
    assert kafka.held == {}


def test_nothing_is_left_but_the_name(full: Lab, kafka: MemoryKafka) -> None:
    full.projects.change(full.ada, NAME, {"description": "secret plans"}, dry_run=False)
    full.endings.end(full.ada, NAME)

    full.settle()

    assert left(full, kafka) == [(f"NAMESPACE#{NAME}", "NAMESPACE")]
    row = full.world.client.get_item(
        TableName=full.world.table, Key={"pk": {"S": f"NAMESPACE#{NAME}"}, "sk": {"S": "NAMESPACE"}}
    )["Item"]
    assert row["state"] == {"S": "ended"}
    assert "secret plans" not in str(row)
    assert full.events(NAME).count("project.ended") == 1
    assert full.events(NAME).count("project.removed") == 1
    assert full.events(NAME).count("grant.revoked") == 3
    with pytest.raises(InvalidError, match="no name is given twice"):
        full.create(NAME)


def test_policies_of_all_who_had_a_right_are_written_anew(full: Lab) -> None:
    full.endings.end(full.ada, NAME)
    full.world.refreshed.clear()

    full.settle()

    assert set(full.world.refreshed) == {person.id for person in full.people.known.values()}


@pytest.mark.parametrize("settled", [False, True], ids=["at once", "long after"])
def test_ending_twice_is_one_thing_for_whoever_did_it_and_no_news_for_others(
    full: Lab, settled: bool
) -> None:
    grace = full.person("mary@example.org")
    full.endings.end(full.ada, NAME)
    if settled:
        full.settle()

    assert not full.endings.end(full.ada, NAME)
    with pytest.raises(ForbiddenError, match=f"^Namespace {NAME} not found for {grace.subject}$"):
        full.endings.end(grace, NAME)
    assert full.events(NAME).count("project.ended") == 1


def test_kafka_that_is_away_keeps_nobody_from_ending_it(full: Lab, kafka: MemoryKafka) -> None:
    for call in ("list", "delete", "groups", "delete_groups", "describe"):
        kafka.faults[call] = KafkaAwayError("timed out")

    assert full.endings.end(full.ada, NAME)
    full.settle()
    assert f"{NAME}.frames" in kafka.held
    kafka.faults.clear()

    full.settle()
    assert left(full, kafka) == [(f"NAMESPACE#{NAME}", "NAMESPACE")]


def test_group_that_has_members_still_is_waited_for(full: Lab, kafka: MemoryKafka) -> None:
    kafka.groups[f"{NAME}.readers"] = True
    full.endings.end(full.ada, NAME)
    full.settle()
    assert f"{NAME}.frames" in kafka.held

    kafka.groups[f"{NAME}.readers"] = False
    full.settle()

    assert left(full, kafka) == [(f"NAMESPACE#{NAME}", "NAMESPACE")]


def test_nothing_goes_before_policies_of_all_who_had_a_right_are_written(
    full: Lab, kafka: MemoryKafka
) -> None:
    member = full.person("mary@example.org").subject
    full.world.give(NAME, "frames", group(full.world.group(member)), Right.READ)
    full.settle()
    full.world.spared = tuple(person.id for person in full.people.known.values() if person.id != member)
    full.world.refuses = UnavailableError("IAM is away")
    full.endings.end(full.ada, NAME)

    full.settle()

    assert f"{NAME}.frames" in kafka.held
    assert len(full.access.grants_on(NAME)) == 4, "those who are waited for"
    full.world.refuses = None
    full.world.refreshed.clear()
    full.world.now += LIFE_S
    full.world.refreshes.work_off()
    full.endings.heal_all()
    assert full.world.refreshed == [member], "nobody's policies are written twice"
    assert f"{NAME}.frames" in kafka.held, "his last requests are waited for, too"

    full.settle()

    assert full.world.refreshed == [member]
    assert left(full, kafka) == [(f"NAMESPACE#{NAME}", "NAMESPACE")]


def test_project_in_use_is_healed_to_nothing(full: Lab) -> None:
    full.world.put("PENDING#project", NAME, due={"N": "0"}, token={"S": "x"})

    full.settle()

    assert full.world.rows("PENDING#") == []
    assert full.projects.describe(full.ada, NAME).project.name == NAME


def test_project_that_somebody_changes_just_now_is_left_for_later(full: Lab) -> None:
    full.endings.end(full.ada, NAME)

    with full.leases.hold(f"project {NAME}"), pytest.raises(UnavailableError):
        full.endings.heal(NAME)


class DiedError(BaseException):
    """The process is no more."""


@contextmanager
def dying(lab: Lab, kafka: MemoryKafka, at: int) -> Iterator[list[str]]:
    """Let calls be made, up to one before which the process dies; all of them without such a one."""
    made: list[str] = []

    def saw(call: str) -> None:
        if len(made) == at:
            raise DiedError(call)
        made.append(call)

    def of_aws(model: Any, **_others: Any) -> None:
        saw(model.name)

    hook = lab.world.client.meta.events
    hook.register("before-call", of_aws)
    kafka.watch = lambda call, when: saw(call) if when == "before" else None
    try:
        yield made
    finally:
        hook.unregister("before-call", of_aws)
        kafka.watch = unwatched


CHANGES = ("TransactWriteItems", "kafka.delete", "kafka.delete_groups")
"""Everything else that the removal calls is a question, or a lease."""


def test_removal_cut_short_anywhere_is_completed_by_another_replica(
    database: Any, table: str, kafka: MemoryKafka
) -> None:
    def removed(at: int) -> list[str]:
        """A process dies right before its call of that number while it removes a project; another goes on."""
        lab = Lab(database, table, kafka, MemoryGroups(kafka))
        name = f"project-{at + 1}"
        lab.create(name)
        lab.topics.create(lab.ada, name, "frames")
        kafka.groups[f"{name}.readers"] = False
        lab.endings.end(lab.ada, name)
        lab.world.refreshes.work_off()
        with dying(lab, kafka, at) as made, suppress(DiedError):
            lab.endings.heal(name)
            lab.world.now += LAST_REQUESTS_S + 1
            lab.endings.heal(name)
        lab.world.now += LIFE_S + 1

        lab.settle()

        rows = [row for row in lab.world.rows("") if name in str(row)]
        kept = [row for row in rows if not row[0].startswith(("AUDIT#", "OUTBOX#", "LEASE#"))]
        assert kept == [(f"NAMESPACE#{name}", "NAMESPACE")], f"died after {made}"
        assert (kafka.held, kafka.groups) == ({}, {}), f"died after {made}"
        return made

    calls = removed(-1)

    deaths = [number for number, call in enumerate(calls) if call in CHANGES]
    assert {calls[number] for number in deaths} == set(CHANGES)
    for number in deaths:
        assert removed(number) == calls[:number]

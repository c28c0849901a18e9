"""Whoever has too much at Kafka gets nothing new until he has less."""

from __future__ import annotations

import pytest

from octopus.errors import OverLimitError
from octopus.kafka.asking import KafkaAwayError
from octopus.quotas.models import Holder, Limit
from tests.unit.quotas.conftest import SUBJECT, World


@pytest.fixture(autouse=True)
def _somebody(world: World) -> None:
    world.person(SUBJECT, "ns-1", "ns-further")
    world.project("lab")


def test_too_many_groups_stand_in_the_way_of_what_is_new(world: World) -> None:
    world.groups_of("ns-1", 3)
    world.census.take()

    with pytest.raises(OverLimitError, match="groups: 3 of at most 2 are in use"):
        world.quotas.require_within(SUBJECT)
    with pytest.raises(OverLimitError), world.quotas.require_room(Holder(SUBJECT, False), topics=1):
        pytest.fail("there was room")


def test_what_there_is_may_be_changed_meanwhile(world: World) -> None:
    world.groups_of("ns-1", 3)
    world.census.take()

    with world.quotas.require_room(Holder(SUBJECT, False), partitions=1):
        pass


def test_groups_of_all_namespaces_count_together(world: World) -> None:
    world.kafka.groups = {"ns-1.a": False, "ns-1.b": False, "ns-further.c": False}
    world.census.take()

    with pytest.raises(OverLimitError):
        world.quotas.require_within(SUBJECT)


def test_too_many_transactional_ids_stand_in_the_way(world: World) -> None:
    world.client_quotas.ids = ["ns-1.a", "ns-1.b", "ns-1.c"]
    world.census.take()

    with pytest.raises(OverLimitError, match="transactional_ids: 3 of at most 2"):
        world.quotas.require_within(SUBJECT)


def test_project_with_too_many_groups_is_in_nobody_elses_way(world: World) -> None:
    world.groups_of("lab", 3)
    world.census.take()

    world.quotas.require_within(SUBJECT)
    with pytest.raises(OverLimitError, match="of project lab"):
        world.quotas.require_within(SUBJECT, "lab", "ns-1")


def test_fewer_groups_are_in_nobodys_way(world: World) -> None:
    world.groups_of("ns-1", 3)
    world.census.take()
    world.groups_of("ns-1", 2)
    world.census.take()

    world.quotas.require_within(SUBJECT)
    assert world.store.over() == {}


def test_higher_limit_helps_at_once(world: World) -> None:
    world.groups_of("ns-1", 3)
    world.census.take()

    world.quotas.set(Holder(SUBJECT, False), {Limit.GROUPS: 3})

    world.quotas.require_within(SUBJECT)


def test_excess_is_told_once(world: World) -> None:
    world.groups_of("ns-1", 3)
    world.census.take()
    world.census.take()
    world.groups_of("ns-1", 4)
    world.census.take()

    (event,) = world.events()
    assert (event["type"], event["subject"], event["data"]["groups"]) == ("quota.exceeded", SUBJECT, 3)


def test_groups_of_nobody_do_not_matter(world: World) -> None:
    world.kafka.groups = {"campus": False, "unknown.a": False, "unknown.b": False, "unknown.c": False}

    world.census.take()

    assert world.store.over() == {}


def test_what_was_found_holds_while_kafka_is_away(world: World) -> None:
    world.groups_of("ns-1", 3)
    world.census.take()
    world.kafka.faults["groups"] = KafkaAwayError("test")
    with pytest.raises(KafkaAwayError):
        world.census.take()

    with pytest.raises(OverLimitError):
        world.quotas.require_within(SUBJECT)

"""What is more than a limit is refused, with figures; what is less is not."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest

from octopus.errors import InvalidError, NotFoundError, OverLimitError
from octopus.kafka.asking import KafkaAwayError
from octopus.quotas.models import Holder, Limit, Quota
from octopus.registry.transactions import ConditionFailedError, write_together
from tests.unit.quotas.conftest import SUBJECT, UNBOUNDED, World

PERSON = Holder(SUBJECT, False)
PROJECT = Holder("lab", True)


@pytest.fixture(autouse=True)
def _somebody(world: World) -> None:
    world.person(SUBJECT, "ns-1")
    world.project("lab")


def test_last_topic_that_a_limit_allows_has_room(world: World) -> None:
    for name in ("one", "two"):
        world.topic("ns-1", name)

    with world.quotas.require_room(PERSON, topics=1, partitions=1, retention_bytes=UNBOUNDED):
        pass


def test_refusal_names_the_limit_the_use_and_what_was_asked_for(world: World) -> None:
    for name in ("one", "two", "three"):
        world.topic("ns-1", name)

    with (
        pytest.raises(
            OverLimitError, match="topics: 3 of at most 3 are in use, and 1 more was asked for"
        ) as over,
        world.quotas.require_room(PERSON, topics=1),
    ):
        pytest.fail("there was room")

    assert over.value.retry_after_s > 0


def test_all_namespaces_of_a_person_count_together(world: World) -> None:
    world.person(SUBJECT, "ns-1", "ns-further")
    world.topic("ns-1", "one", partitions=6)
    world.topic("ns-further", "two", partitions=4)

    with (
        pytest.raises(OverLimitError, match="partitions: 10 of at most 10"),
        world.quotas.require_room(PERSON, partitions=1),
    ):
        pytest.fail("there was room")


def test_project_has_limits_of_its_own(world: World) -> None:
    for name in ("one", "two", "three"):
        world.topic("ns-1", name)

    with world.quotas.require_room(PROJECT, topics=1):
        pass


def test_partition_without_a_bound_counts_what_the_settings_say(world: World) -> None:
    world.topic("ns-1", "unbounded", partitions=2, retention_bytes=None)
    world.topic("ns-1", "bounded", partitions=2, retention_bytes=300)

    assert world.quotas.of(PERSON)[Limit.RETENTION_BYTES].in_use == 2 * UNBOUNDED + 600


@pytest.mark.parametrize(
    ("policy", "kept"), [("compact", UNBOUNDED), ("compact,delete", 300), ("delete", 300), (None, 300)]
)
def test_size_bounds_no_topic_that_is_only_compacted(world: World, policy: str | None, kept: int) -> None:
    world.topic("ns-1", "keys", partitions=2, retention_bytes=300, cleanup_policy=policy)

    assert world.quotas.of(PERSON)[Limit.RETENTION_BYTES].in_use == 2 * kept
    assert world.quotas.kept_bytes(partitions=2, retention_bytes=300, cleanup_policy=policy) == 2 * kept


def test_taking_less_is_allowed_to_whoever_has_too_much(world: World) -> None:
    world.topic("ns-1", "large", partitions=50)

    with world.quotas.require_room(PERSON, retention_bytes=0, partitions=0):
        pass


def test_two_requests_at_once_do_not_take_the_same_room(world: World) -> None:
    for name in ("one", "two"):
        world.topic("ns-1", name)
    both, refused = Barrier(2), []

    def create(name: str) -> None:
        both.wait()
        try:
            with world.quotas.require_room(PERSON, topics=1):
                world.topic("ns-1", name)
        except OverLimitError:
            refused.append(name)

    threads = [Thread(target=create, args=(name,)) for name in ("three", "four")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(refused) == 1


def test_limit_that_was_set_is_shown_as_the_operators(world: World) -> None:
    world.quotas.set(PERSON, {Limit.TOPICS: 9})

    shown = world.quotas.of(PERSON)

    assert shown[Limit.TOPICS] == Quota(limit=9, in_use=0, source="operator")
    assert shown[Limit.PARTITIONS] == Quota(limit=10, in_use=0, source="fabric")


def test_limit_that_was_taken_back_is_everybodys(world: World) -> None:
    world.quotas.set(PERSON, {Limit.TOPICS: 9, Limit.PRODUCE_BYTES: 5})

    assert world.quotas.set(PERSON, {Limit.TOPICS: None}) == {Limit.PRODUCE_BYTES: 5}
    assert world.quotas.limit(SUBJECT, Limit.TOPICS) == 3


def test_setting_a_limit_is_in_the_audit(world: World) -> None:
    world.quotas.set(PROJECT, {Limit.TOPICS: 9})

    (event,) = world.events()

    assert (event["type"], event["namespace"], event["data"]) == ("quota.set", "lab", {"topics": 9})


def test_project_has_no_rates(world: World) -> None:
    assert Limit.PRODUCE_BYTES not in world.quotas.of(PROJECT)
    with pytest.raises(InvalidError, match="produce_bytes"):
        world.quotas.set(PROJECT, {Limit.PRODUCE_BYTES: 1})


def test_limit_of_a_project_that_is_not_there_is_not_set(world: World) -> None:
    with pytest.raises(NotFoundError):
        world.quotas.set(Holder("nowhere", True), {Limit.TOPICS: 1})

    assert world.events() == []


def test_nobodys_namespace_becomes_a_project_by_having_limits(world: World) -> None:
    with pytest.raises(NotFoundError):
        world.quotas.set(Holder("ns-1", True), {Limit.TOPICS: 1})


def test_own_limits_go_along_to_another_identity(world: World) -> None:
    world.quotas.set(PERSON, {Limit.TOPICS: 9})

    world.quotas.move(SUBJECT, "another")
    world.quotas.move(SUBJECT, "another")

    assert world.quotas.limit("another", Limit.TOPICS) == 9
    assert world.quotas.limit(SUBJECT, Limit.TOPICS) == 3


def test_of_limits_that_both_identities_have_the_lower_one_holds(world: World) -> None:
    old, new = PERSON, Holder("another", False)
    world.quotas.set(old, {Limit.TOPICS: 2, Limit.GROUPS: 5, Limit.PRODUCE_BYTES: 0, Limit.REQUESTS: 7})
    world.quotas.set(new, {Limit.TOPICS: 1, Limit.GROUPS: 9, Limit.PRODUCE_BYTES: 8, Limit.PARTITIONS: 4})

    for _ in range(2):
        world.quotas.move(SUBJECT, "another")

    assert world.quotas.overrides(new) == {
        Limit.TOPICS: 1,
        Limit.GROUPS: 5,
        Limit.PRODUCE_BYTES: 8,
        Limit.PARTITIONS: 4,
        Limit.REQUESTS: 7,
    }


def test_old_identity_is_rid_of_no_limit_by_moving(world: World) -> None:
    # Everybody's: 3 topics, 1000 bytes a second, 2 groups.
    world.quotas.set(PERSON, {Limit.TOPICS: 1, Limit.PRODUCE_BYTES: 0, Limit.GROUPS: 9})

    world.quotas.move(SUBJECT, "another")

    assert world.quotas.overrides(PERSON) == {Limit.TOPICS: 1}


def test_limits_that_an_operator_set_outlive_the_account(world: World) -> None:
    world.quotas.set(PERSON, {Limit.TOPICS: 1})
    world.groups_of("ns-1", 3)
    world.census.take()

    world.quotas.forget(SUBJECT)

    assert world.quotas.limit(SUBJECT, Limit.TOPICS) == 1
    assert world.store.over() == {}


def test_groups_and_transactional_ids_are_shown(world: World) -> None:
    world.groups_of("ns-1", 2)
    world.client_quotas.ids = ["ns-1.writer", "ns-2.writer"]

    shown = world.quotas.of(PERSON)

    assert shown[Limit.GROUPS].in_use == 2
    assert shown[Limit.TRANSACTIONAL_IDS].in_use == 1


def test_limits_are_shown_while_kafka_is_away(world: World) -> None:
    world.kafka.faults["groups"] = KafkaAwayError("test")

    assert world.quotas.of(PERSON)[Limit.GROUPS] == Quota(limit=2, in_use=None, source="fabric")


def test_room_that_another_took_meanwhile_is_not_recorded(world: World) -> None:
    with world.quotas.require_room(PERSON, topics=1) as turn:
        row = {"pk": {"S": f"LEASE#quota {SUBJECT}"}, "sk": {"S": "LEASE"}}
        world.database.delete_item(TableName=world.table, Key=row)
        with pytest.raises(ConditionFailedError):
            write_together(world.database, [turn.check()])

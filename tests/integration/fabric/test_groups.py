"""`octopus group`: one's own consumer groups of both protocols, with one's own key."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from confluent_kafka import Consumer

from octopus.errors import ForbiddenError
from octopus.groups.models import Move
from octopus.groups.service import Groups
from octopus.groups.targets import Selection, parse_target
from tests.integration.fabric.conftest import RunningFabric
from tests.integration.fabric.kafka import person, produce
from tests.patience import next_message

OWNER = "group-owner"
TOPIC = "grouped"
RECORDS = 10


@pytest.fixture(scope="module", params=["classic", "consumer"])
def group(fabric: RunningFabric, request: pytest.FixtureRequest) -> str:
    """A group of each protocol that has read 4 of 10 records and has no members now."""
    name = f"readers-{request.param}"
    if request.param == "classic":
        produce(fabric, OWNER, TOPIC, RECORDS)
    with _reading(fabric, name, request.param) as consumer:
        for _ in range(4):
            message = next_message(consumer)
            assert message is not None
            assert message.error() is None
            consumer.commit(message=message, asynchronous=False)
    return name


@contextmanager
def _reading(fabric: RunningFabric, name: str, protocol: str, topic: str = TOPIC) -> Iterator[Consumer]:
    settings, namespace = person(fabric, OWNER)
    consumer = Consumer(
        {
            **settings,
            "group.id": f"{namespace}.{name}",
            "group.protocol": protocol,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "client.id": "reader",
        }
    )
    try:
        consumer.subscribe([f"{namespace}.{topic}"])
        yield consumer
    finally:
        consumer.close()


@cache
def _groups(fabric: RunningFabric, name: str = OWNER) -> tuple[Groups, str]:
    """A person's groups, and what their names begin with."""
    settings, namespace = person(fabric, name)
    return Groups(settings), f"{namespace}."


def _reset(fabric: RunningFabric, group: str, to: str) -> int | None:
    """Set a group as the command does; returns what it has committed then."""
    groups, prefix = _groups(fabric)
    groups.reset(prefix + group, groups.plan(prefix + group, parse_target(to)))
    (partition,) = groups.lag(prefix + group)
    return partition.committed


def test_group_is_listed_with_its_protocol(fabric: RunningFabric, group: str) -> None:
    groups, prefix = _groups(fabric)
    found = {one.name: one for one in groups.list()}[prefix + group]
    assert (found.state, found.protocol, found.members) == ("empty", group.removeprefix("readers-"), ())


def test_lag_counts_what_was_not_read(fabric: RunningFabric, group: str) -> None:
    _reset(fabric, group, "4")
    shown = fabric.octopus("group", "lag", group, "--as", OWNER)
    (partition,) = shown["partitions"]
    assert (partition["committed"], partition["end"], partition["lag"]) == (4, RECORDS, RECORDS - 4)
    assert shown["lag"] == RECORDS - 4


def test_dry_run_prints_the_plan_and_changes_nothing(fabric: RunningFabric, group: str) -> None:
    _reset(fabric, group, "4")
    ask = ("group", "reset", group, "--to", "-2", "--as", OWNER)
    planned = fabric.octopus(*ask, "--dry-run")
    (move,) = planned["plan"]
    assert (move["before"], move["after"], planned["changed"]) == (4, 2, False)
    assert _reset(fabric, group, "+0") == 4
    assert fabric.octopus(*ask)["changed"] is True
    assert _reset(fabric, group, "+0") == 2


@pytest.mark.parametrize(
    ("to", "expected"),
    [("latest", RECORDS), ("earliest", 0), ("+3", 3), ("-100", 0), ("7", 7), ("2020-01-01", 0)],
)
def test_reset_moves_the_group(fabric: RunningFabric, group: str, to: str, expected: int) -> None:
    _reset(fabric, group, "earliest")
    assert _reset(fabric, group, to) == expected


def test_reset_to_a_later_time_is_the_end(fabric: RunningFabric, group: str) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert _reset(fabric, group, tomorrow.isoformat()) == RECORDS


def test_group_with_members_is_not_reset(fabric: RunningFabric, group: str) -> None:
    _reset(fabric, group, "earliest")
    with _reading(fabric, group, group.removeprefix("readers-")) as consumer:
        assert next_message(consumer) is not None
        refused = fabric.command("group", "reset", group, "--to", "latest", "--as", OWNER)
        assert refused.returncode == 1
        assert "has 1 member(s) (reader at 127.0.0.1): stop them first" in refused.stderr
    assert _reset(fabric, group, "+0") == 0


def test_partition_without_a_commit_is_shown_as_such(fabric: RunningFabric) -> None:
    produce(fabric, OWNER, "unread", 1)
    with _reading(fabric, "silent", "classic", "unread") as consumer:
        assert next_message(consumer) is not None
        shown = fabric.command("group", "lag", "silent", "--as", OWNER)
        groups, prefix = _groups(fabric)
        (partition,) = groups.lag(f"{prefix}silent")
    assert (partition.committed, partition.lag) == (None, None)
    assert "never" in shown.stdout


def test_foreign_group_is_neither_listed_nor_shown_nor_reset(fabric: RunningFabric, group: str) -> None:
    stranger, _ = _groups(fabric, "group-stranger")
    foreign = _groups(fabric)[1] + group
    assert stranger.list() == []
    with pytest.raises(ForbiddenError, match="GROUP_AUTHORIZATION_FAILED"):
        stranger.lag(foreign)
    with pytest.raises(ForbiddenError, match="GROUP_AUTHORIZATION_FAILED"):
        stranger.plan(foreign, parse_target("latest"))
    move = Move(topic=f"{foreign.partition('.')[0]}.{TOPIC}", partition=0, before=0, after=1)
    with pytest.raises(ForbiddenError, match="GROUP_AUTHORIZATION_FAILED"):
        stranger.reset(foreign, [move])


def test_foreign_topic_is_no_place_to_set_a_group_to(fabric: RunningFabric) -> None:
    stranger, own = _groups(fabric, "group-stranger")
    topic = f"{_groups(fabric)[1]}{TOPIC}"
    with pytest.raises(ForbiddenError, match="TOPIC_AUTHORIZATION_FAILED"):
        stranger.plan(f"{own}mine", parse_target("0"), Selection(topic))
    with pytest.raises(ForbiddenError, match="TOPIC_AUTHORIZATION_FAILED"):
        stranger.reset(f"{own}mine", [Move(topic=topic, partition=0, before=None, after=0)])


def test_unknown_group_is_named(fabric: RunningFabric) -> None:
    _, namespace = person(fabric, OWNER)
    refused = fabric.command("group", "lag", "nowhere", "--as", OWNER)
    assert refused.returncode == 1
    assert f"There is no consumer group {namespace}.nowhere" in refused.stderr

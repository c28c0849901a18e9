"""How IAM's listings, single readings and the change log work together, by a clock of the test's own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Collection, Coroutine, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from octopus.iam.models import Principal
from octopus.judge.account import Account
from octopus.judge.errors import SourceUnavailableError
from octopus.judge.principals import UserPolicies
from octopus.judge.readings import Reading
from octopus.judge.rights import SETTLING, PrincipalId, Rights
from octopus.judge.secrets import StoredSecrets
from octopus.judge.sources import Sources
from octopus.judge.store import (
    LONGEST_GAP,
    MOST_SKEW,
    OVERLAP,
    ChangeLog,
    CredentialsTable,
    KeyRecord,
    VersionRecord,
)

NOW = datetime(2026, 11, 22, 5, 0, 30, tzinfo=UTC)
ALICE = PrincipalId("alice", "alice")


def user(resource: str, name: str = "alice") -> UserPolicies:
    statement = {"Effect": "Allow", "Action": "*", "Resource": resource}
    return UserPolicies(
        Principal(name, "AIDA1", f"arn:aws:iam::123456789012:user/{name}"),
        {"attached/a": {"Version": "2012-10-17", "Statement": statement}},
        None,
    )


class World:
    """A table and an IAM that count what is asked of them, and a clock."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.shown: dict[str, UserPolicies] = {}
        self.listed: dict[str, UserPolicies] = {}
        self.iam: Exception | None = None
        self.log: dict[str, str] = {}
        self.windows: list[tuple[datetime, datetime]] = []
        self.single: list[str] = []
        self.go = threading.Event()
        self.go.set()
        self.begun = threading.Event()
        self.records: dict[str, KeyRecord] = {}
        self.written: dict[str, VersionRecord] = {}
        self.batches: list[list[str]] = []

    def monotonic(self) -> float:
        return self.now

    def clock(self) -> float:
        return NOW.timestamp() - 1000 + self.now

    # The account

    def user(self, user_name: str) -> UserPolicies | None:
        self.begun.set()
        assert self.go.wait(10)
        if self.iam is not None:
            raise self.iam
        self.single.append(user_name)
        return self.shown.get(user_name)

    def users(self, _in_use: Collection[str]) -> dict[str, UserPolicies]:
        if self.iam is not None:
            raise self.iam
        return dict(self.listed)

    # The table

    def key(self, access_key_id: str) -> KeyRecord | None:
        return self.records.get(access_key_id)

    def keys(self, access_key_ids: Iterable[str]) -> dict[str, KeyRecord | None]:
        self.batches.append(list(access_key_ids))
        return {access_key_id: self.records.get(access_key_id) for access_key_id in access_key_ids}

    def version(self, subject: str) -> VersionRecord | None:
        return self.written.get(subject)

    def versions(self, subjects: Iterable[str]) -> dict[str, VersionRecord | None]:
        return {subject: self.written.get(subject) for subject in subjects}

    def changes(self, since: datetime, until: datetime) -> dict[str, str]:
        self.windows.append((since, until))
        return dict(self.log)


class Scene:
    """Sources over a world, in an event loop of their own."""

    def __init__(self, world: World, executor: ThreadPoolExecutor, run: Callable[..., Any]) -> None:
        self._run = run
        self._executor = executor
        self.log = ChangeLog(cast(CredentialsTable, world), clock=world.clock, monotonic=world.monotonic)
        self.sources = Sources(
            table=cast(CredentialsTable, world),
            account=cast(Account, world),
            secrets=cast(StoredSecrets, None),
            executor=executor,
            iam_executor=executor,
            clock=world.clock,
            monotonic=world.monotonic,
        )

    def look(self) -> None:
        self.sources.follow(self.log.look())

    def renew(self) -> None:
        """Begin what is due, and wait until the one thread has done it."""

        async def renewed() -> None:
            self.sources.renew()
            await asyncio.sleep(0)
            await asyncio.get_running_loop().run_in_executor(self._executor, lambda: None)

        self.run(renewed())

    def list_users(self) -> None:
        self.run(self.sources.list_users())

    def rights(self, principal: PrincipalId = ALICE) -> Reading[Rights]:
        self.run(self.sources.read_rights(principal))
        reading = self.sources.rights(principal)
        assert reading is not None
        return reading

    def resource(self) -> str:
        (layer,) = self.rights().value.limits.layers
        return layer[0].resources[0] if layer and layer[0].resources else ""

    def run(self, task: Coroutine[Any, Any, Any]) -> Any:
        return self._run(task)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def scene(world: World) -> Iterator[Scene]:
    with ThreadPoolExecutor(1) as executor, asyncio.Runner() as runner:
        yield Scene(world, executor, runner.run)


def test_listing_keeps_everybody_young_without_single_readings(world: World, scene: Scene) -> None:
    world.shown = world.listed = {"alice": user("a")}
    first = scene.rights()
    for _ in range(10):
        world.now += 20
        scene.look()
        scene.list_users()
        scene.renew()
        later = scene.rights()
    assert world.single == ["alice"]
    assert later.value is first.value, "unchanged: nothing is made again"
    assert later.began == world.now


def test_listing_that_shows_something_else_counts(world: World, scene: Scene) -> None:
    world.shown = {"alice": user("a")}
    assert scene.resource() == "a"
    world.now += 20
    scene.look()
    world.listed = {"alice": user("b")}
    scene.list_users()
    assert scene.resource() == "b"
    assert world.single == ["alice"]


def test_first_sight_is_served_from_the_listing_at_its_age(world: World, scene: Scene) -> None:
    world.listed = {"alice": user("listed")}
    scene.look()
    scene.list_users()
    world.now += 19
    scene.look()
    assert scene.resource() == "listed"
    assert scene.rights().began == 1000
    assert world.single == []


@pytest.mark.parametrize("why", ["changed since", "not listed", "too old", "changes were not followed"])
def test_first_sight_is_read_singly_when_the_listing_will_not_do(
    world: World, scene: Scene, why: str
) -> None:
    world.listed = {"alice": user("listed")} if why != "not listed" else {}
    world.shown = {"alice": user("shown")}
    if why != "changes were not followed":
        scene.look()
    scene.list_users()
    world.now += 1 if why != "too old" else LONGEST_GAP + 1
    if why == "changed since":
        world.log = {"2026-11-22T05:00:31#alice": "alice"}
        scene.look()
    assert scene.resource() == "shown"
    assert world.single == ["alice"]


def test_listing_waits_for_no_single_reading_and_does_for_it(world: World, scene: Scene) -> None:
    world.listed = {"alice": user("listed")}
    scene.look()
    world.go.clear()

    async def scenario() -> None:
        waiting = asyncio.create_task(scene.sources.read_rights(ALICE))
        await asyncio.to_thread(world.begun.wait, 10)
        await scene.sources.list_users()
        await scene.sources.read_rights(ALICE)
        assert scene.sources.rights(ALICE) is not None
        world.go.set()
        await waiting

    scene.run(scenario())


def test_change_is_read_singly_and_no_listing_of_before_it_is_used(world: World, scene: Scene) -> None:
    world.shown = world.listed = {"alice": user("old")}
    scene.look()
    assert scene.resource() == "old"
    world.now += 1
    world.log = {"2026-11-22T05:00:31#alice": "alice"}
    world.shown = {"alice": user("new")}
    scene.look()
    assert scene.sources.rights(ALICE) is None
    assert scene.resource() == "new"
    assert world.single == ["alice", "alice"]


def test_user_that_left_the_listing_is_read_singly_and_may_do_nothing(world: World, scene: Scene) -> None:
    world.shown = world.listed = {"alice": user("a")}
    scene.rights()
    world.shown = world.listed = {}
    for _ in range(2):
        world.now += 20
        scene.look()
        scene.list_users()
        scene.renew()
    assert world.single == ["alice", "alice"]
    assert scene.rights().value.limits.layers == ((),)


def test_nothing_is_served_after_45_seconds_when_iam_is_away(world: World, scene: Scene) -> None:
    world.shown = world.listed = {"alice": user("a")}
    scene.rights()
    world.iam = SourceUnavailableError("IAM: away")
    with pytest.raises(SourceUnavailableError):
        scene.list_users()
    world.now += 45
    scene.look()
    assert scene.sources.rights(ALICE) is not None
    world.now += 0.1
    assert scene.sources.rights(ALICE) is None
    with pytest.raises(SourceUnavailableError, match="away"):
        scene.rights()


def withdraw(world: World, scene: Scene) -> None:
    """The service narrows Alice's policy, and IAM goes on to show what was before."""
    world.shown = world.listed = {"alice": user("old")}
    scene.look()
    assert scene.resource() == "old"
    world.now += 1
    changed = datetime.fromtimestamp(world.clock(), UTC)
    world.written = {"alice": VersionRecord("what IAM does not show", changed)}
    world.log = {"2026-11-22T05:00:31#alice": "alice"}
    scene.look()


def test_withdrawn_right_ages_while_iam_still_shows_it(world: World, scene: Scene) -> None:
    withdraw(world, scene)
    noticed = world.now
    assert scene.resource() == "old"
    for _ in range(45):
        world.now += 1
        scene.look()
        scene.list_users()
        assert scene.rights().began == noticed, "as old as the change, however young IAM's word is"
    world.now += 1
    scene.list_users()
    with pytest.raises(SourceUnavailableError, match="still does not show"):
        scene.rights()


def test_rights_are_young_again_once_iams_word_counts(world: World, scene: Scene) -> None:
    withdraw(world, scene)
    scene.rights()
    world.now += 1
    world.shown = {"alice": replace(user("new"), documents={})}
    world.written = {"alice": VersionRecord("", datetime.fromtimestamp(world.clock(), UTC))}
    world.log |= {"2026-11-22T05:00:32#alice": "alice"}
    scene.look()
    assert (scene.resource(), scene.rights().began) == ("", world.now)


def test_edit_by_hand_counts_once_it_can_be_no_late_showing(world: World, scene: Scene) -> None:
    withdraw(world, scene)
    scene.rights()
    world.now += SETTLING.total_seconds() + 1
    scene.look()
    world.listed = {"alice": user("edited by hand")}
    scene.list_users()
    assert scene.resource() == "edited by hand"
    assert scene.rights().began == world.now


def record(state: str = "active") -> KeyRecord:
    return KeyRecord("AKIA1", "alice", "alice", "iam-user", state, b"", None)


def test_key_is_good_as_long_as_the_change_log_is_read(world: World, scene: Scene) -> None:
    world.records = {"AKIA1": record()}
    scene.look()
    scene.run(scene.sources.keys.get("AKIA1"))
    for _ in range(20):
        world.now += 40
        scene.look()
    held = scene.sources.keys.held("AKIA1")
    assert held is not None
    assert held.began == world.now
    world.now += 45.1
    assert scene.sources.keys.held("AKIA1") is None
    scene.look()
    assert scene.sources.keys.held("AKIA1") is None, "entries may have been missed in so long a gap"


def test_rows_in_use_are_read_again_together(world: World, scene: Scene) -> None:
    world.records = {"AKIA1": record()}
    scene.look()
    scene.run(scene.sources.keys.get("AKIA1"))
    scene.run(scene.sources.keys.get("AKIA2"))
    world.records = {"AKIA1": record("suspended")}
    world.now += 1
    scene.run(scene.sources.read_rows())
    held = scene.sources.keys.held("AKIA1")
    assert held is not None
    assert held.value == record("suspended")
    assert world.batches == [["AKIA1"]], "made-up names are not asked for again"


def test_change_log_is_read_with_overlap_and_each_entry_once(world: World, scene: Scene) -> None:
    world.log = {"2026-11-22T05:00:01#alice": "alice"}
    first = scene.log.look()
    assert first.changed == {"alice"}
    assert scene.log.look().changed == frozenset()
    # It became visible after a later one had been seen.
    world.log |= {"2026-11-22T04:59:59#bob": "bob", "2026-11-22T05:00:02#alice": "alice"}
    world.now += 5
    last = scene.log.look()
    assert last.changed == {"alice", "bob"}
    assert (last.since, last.began) == (first.since, 1005)
    assert world.windows[0] == (NOW - OVERLAP, NOW + OVERLAP)


def test_change_log_begins_anew_after_a_gap(world: World, scene: Scene) -> None:
    scene.log.look()
    world.now += LONGEST_GAP + 1
    look = scene.log.look()
    assert look.since == look.began - LONGEST_GAP
    assert timedelta(seconds=LONGEST_GAP) + MOST_SKEW < OVERLAP

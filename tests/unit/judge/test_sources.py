"""How IAM's listings, single readings and the change log work together, by a clock of the test's own."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from octopus.judge import sources
from octopus.judge.errors import SourceUnavailableError
from octopus.judge.principals import EffectivePolicies, UserPolicies, effective
from octopus.judge.rights import SETTLING, PrincipalId
from octopus.judge.store import LONGEST_GAP, MOST_SKEW, OVERLAP, VersionRecord
from tests.unit.judge.world import ALICE, NOW, Scene, World, record, user


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


def test_user_that_cannot_be_understood_is_nobody_elses_trouble(
    world: World, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = PrincipalId("bob", "bob")
    world.shown = world.listed = {"alice": user("a"), "bob": user("b", "bob")}
    scene.rights()
    scene.rights(bob)
    world.now += 20
    world.listed = {"alice": user("c"), "bob": user("d", "bob")}

    def surprised(of: UserPolicies | None) -> EffectivePolicies:
        if of is not None and of.principal.user_name == "bob":
            raise RecursionError
        return effective(of)

    monkeypatch.setattr(sources, "effective", surprised)
    scene.look()
    with capture_logs() as logs:
        scene.list_users()
    assert [(log["event"], log["principal"]) for log in logs] == [("policies.not_understood", "bob")]
    assert scene.resource() == "c"
    assert scene.rights(bob).began == 1000

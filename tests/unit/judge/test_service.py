"""The judge's answers to a refresh of many principals."""

from __future__ import annotations

from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from octopus.judge import sources
from octopus.judge.last_use import LastUse
from octopus.judge.models import HeldPolicy, NoPolicy, PoliciesRequest, Policy
from octopus.judge.rights import Rights, weigh
from octopus.judge.service import Judge
from tests.unit.judge.world import Scene, World, record, user

CLUSTER_ARN = "arn:aws:kafka:eu-central-1:000000000000:cluster/octopus/0f3c4a52"
REFRESH = PoliciesRequest([HeldPolicy("bob", "AKIA2"), HeldPolicy("alice", "AKIA1")])


@pytest.mark.parametrize("when", ["at first sight", "held before"])
def test_one_principals_surprise_is_nobody_elses(
    world: World, scene: Scene, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    world.records = {"AKIA1": record(), "AKIA2": record(name="bob", access_key_id="AKIA2")}
    world.shown = {"alice": user("a"), "bob": user("b", "bob")}
    scene.look()
    judge = Judge(
        scene.sources,
        change_log=scene.log,
        last_use=cast(LastUse, None),
        cluster_arn=CLUSTER_ARN,
        instruments=scene.instruments,
        clock=world.clock,
        monotonic=world.monotonic,
    )
    if when == "held before":
        scene.run(judge.policies(REFRESH))
        world.shown = {"alice": user("a"), "bob": user("other", "bob")}
        world.now += 1
        world.listed = world.shown
        scene.list_users()

    def surprised(**given: Any) -> Rights:
        if given["found"].user.principal.user_name == "bob":
            raise RecursionError
        return weigh(**given)

    monkeypatch.setattr(sources, "weigh", surprised)

    with capture_logs() as logs:
        bobs, alices = scene.run(judge.policies(REFRESH)).policies

    assert bobs == NoPolicy("bob", "AKIA2", "unknown", "not understood")
    assert isinstance(alices, Policy)
    assert [(log["event"], log["principal"]) for log in logs] == [("policy.not_made", "bob")]

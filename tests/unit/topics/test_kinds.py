"""What brokers of a kind do not take is refused before they are asked, by field and kind."""

from __future__ import annotations

from dataclasses import replace

import pytest

from octopus.kafka.kinds import KINDS, Kind
from octopus.topics import bounds as bounds_module
from octopus.topics.changes import Wish, plan, plan_new
from octopus.topics.models import State, TopicRecord
from octopus.topics.settings import KAFKA_NAMES, TopicSettings
from tests.unit.topics.world import BOUNDS

TOPIC = TopicRecord(name="events", state=State.ACTIVE, topic_id="id", settings=TopicSettings(partitions=1))


def refusals(kind: str, **settings: object) -> list[str]:
    wish, bounds = Wish(dict(settings)), replace(BOUNDS, kind=kind)
    return [str(one) for one in plan(wish, TOPIC, bounds).refusals]


@pytest.mark.parametrize("kind", KINDS)
def test_everything_that_a_topic_can_be_told_is_taken_when_it_is_made(kind: str) -> None:
    assert set(KAFKA_NAMES.values()) <= KINDS[kind].configs
    wish = Wish({"cleanup_policy": "compact", "timestamp_type": "LogAppendTime", "partitions": 2})
    assert plan_new(wish, TopicSettings(), replace(BOUNDS, kind=kind)).refusals == ()


def test_serverless_brokers_keep_the_cleanup_policy_that_a_topic_was_made_with() -> None:
    assert refusals("msk-serverless", cleanup_policy="compact") == [
        "cleanup_policy: msk-serverless takes it only when a topic is made: make another one"
    ]
    assert refusals("msk-express", cleanup_policy="compact") == []


def test_setting_that_a_kind_does_not_have_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    few = Kind(configs=frozenset({"retention.ms"}))
    monkeypatch.setattr(bounds_module, "KINDS", {"msk-tiny": few})

    assert refusals("msk-tiny", timestamp_type="LogAppendTime", retention_ms=60_000) == [
        "timestamp_type: topics of msk-tiny have no such setting, received LogAppendTime"
    ]

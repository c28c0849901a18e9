"""Settings between requests, the registry and Kafka."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from octopus.topics.about import About
from octopus.topics.replies import TopicBody
from octopus.topics.settings import TopicSettings

ALL = TopicSettings(
    partitions=3,
    retention_ms=60_000,
    retention_bytes=1 << 20,
    cleanup_policy="compact,delete",
    max_message_bytes=2048,
    timestamp_type="LogAppendTime",
)


def test_settings_come_back_from_kafka_as_they_went_there() -> None:
    assert TopicSettings.held(3, ALL.configs()) == ALL
    assert TopicSettings(**ALL.told()) == ALL


@pytest.mark.parametrize(
    ("config", "value", "field", "known"),
    [
        ("retention.bytes", "-1", "retention_bytes", None),
        ("cleanup.policy", "delete,compact", "cleanup_policy", "compact,delete"),
        ("cleanup.policy", "delete, compact", "cleanup_policy", "compact,delete"),
        ("retention.ms", "-1", "retention_ms", -1),
    ],
)
def test_what_kafka_writes_otherwise_is_known(config: str, value: str, field: str, known: object) -> None:
    assert getattr(TopicSettings.held(1, {config: value, "segment.bytes": "7"}), field) == known


def test_only_what_differs_is_told_to_kafka() -> None:
    others = ALL.model_copy(update={"retention_ms": None, "max_message_bytes": 4096, "partitions": 9})

    assert others.configs_unlike(ALL) == {"retention.ms": None, "max.message.bytes": "4096"}
    assert ALL.configs_unlike(ALL) == {}


def test_body_names_what_it_names_and_nothing_else() -> None:
    wish = TopicBody.model_validate(
        {"retention_hours": 2, "partitions": None, "tags": ["a"], "contact": None}
    ).wish()

    assert wish.settings == {"retention_ms": 7_200_000, "partitions": None}
    assert wish.about == {"tags": ("a",), "contact": None}
    assert wish.settings_over(ALL) == ALL.model_copy(update={"retention_ms": 7_200_000, "partitions": 1})
    assert wish.about_over(About(contact="Ada", licence="MIT")) == About(tags=("a",), licence="MIT")


@pytest.mark.parametrize(
    "body",
    [
        {"replication_factor": 3},
        {"cleanup_policy": "delete,compact"},
        {"partitions": "many"},
        {"description": "x" * 501},
        {"description": "a\x00b"},
        {"tags": [str(number) for number in range(11)]},
        {"tags": ["Upper"]},
        {"tags": [""]},
        {"licence": "<script>"},
        {"contact": "x" * 201},
        {"listed": "perhaps"},
    ],
    ids=lambda body: str(body)[:40],
)
def test_body_that_breaks_a_rule_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TopicBody.model_validate(body)

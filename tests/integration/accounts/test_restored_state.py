"""Accounts set right after an unclean stop: one that cannot be keeps no other from it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from octopus.fabric.heal import _delete_again, _reconcile
from tests.callers import caller_of
from tests.integration.accounts.fabric import Fabric
from tests.memory_kafka import MemoryKafka


@pytest.fixture
def others(fabric: Fabric) -> Fabric:
    """The same fabric, with another subject who has an account and a topic."""
    other = replace(fabric, subject="00000000-0000-4000-8000-000000000000")
    other.features.topics.create(caller_of(_account(other)), other.namespace, "events")
    return other


def _account(fabric: Fabric) -> str:
    fabric.features.accounts.create(fabric.subject)
    return fabric.subject


def test_suspended_account_that_was_deleted_is_said_and_gets_no_key_back(
    fabric: Fabric, others: Fabric
) -> None:
    features = fabric.features
    key = features.keys.current(fabric.subject).access_key_id
    features.suspensions.suspend(fabric.subject)
    journal: list[dict[str, Any]] = [
        {"event": "key.deleted", "subject": fabric.subject, "access_key_id": key},
        {"event": "account.deleted", "subject": fabric.subject},
        {"event": "account.deleted", "subject": others.subject},
    ]
    held = {fabric.namespace, others.namespace}

    said = list(_delete_again(features.accounts, features.keys, journal, {fabric.subject: "alice"}, held))

    assert "The account of alice was deleted and is back: User" in said[0]
    assert "is suspended" in said[0]
    assert said[1:] == [
        "Deleted the keys of alice again.",
        f"Deleted the account of {others.subject} again.",
    ]
    assert features.keys.recorded(fabric.subject) == []


def test_account_that_iam_refuses_is_said_and_the_others_topics_are_adopted(
    fabric: Fabric, others: Fabric, iam: Any, kafka: MemoryKafka
) -> None:
    iam.create_user(UserName=fabric.subject, Path="/people/")
    kafka.create(fabric.topic)
    kafka.create(f"{others.namespace}.found")
    names = {fabric.subject: "alice", others.subject: "bob"}

    said = list(_reconcile(fabric.features, names, {fabric.namespace, others.namespace}))

    assert any("The account of alice was not compared with Kafka: Failed" in note for note in said)
    assert any(f"Adopted 1 topics that Kafka still holds: {others.namespace}.found" in note for note in said)

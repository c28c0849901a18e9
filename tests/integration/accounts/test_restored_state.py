"""Accounts set right after an unclean stop: one that cannot be keeps no other from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from octopus.access.models import Grant, Right, user
from octopus.access.rights import EVERYBODYS
from octopus.fabric.healing import accounts, keys, openness
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

    names = {fabric.subject: "alice"}

    assert list(keys.delete_again(features.keys, journal, names)) == ["Deleted the keys of alice again."]
    said = list(accounts.delete_again(features.accounts, features.namespaces, journal, names, held))

    assert "The account of alice was deleted and is back: User" in said[0]
    assert "is suspended" in said[0]
    assert said[1:] == [f"Deleted the account of {others.subject} again."]
    assert features.keys.recorded(fabric.subject) == []


def test_account_that_iam_refuses_is_said_and_the_others_topics_are_adopted(
    fabric: Fabric, others: Fabric, iam: Any, kafka: MemoryKafka
) -> None:
    iam.create_user(UserName=fabric.subject, Path="/people/")
    kafka.create(fabric.topic)
    kafka.create(f"{others.namespace}.found")
    names = {fabric.subject: "alice", others.subject: "bob"}

    said = list(accounts.reconcile(fabric.features.accounts, names, {fabric.namespace, others.namespace}))

    assert any("The account of alice was not compared with Kafka: Failed" in note for note in said)
    assert any(f"Adopted 1 topics that Kafka still holds: {others.namespace}.found" in note for note in said)


def test_person_who_moved_has_everything_at_the_new_identity_again(
    fabric: Fabric, others: Fabric, kafka: MemoryKafka
) -> None:
    features = fabric.features
    old, new = others, fabric
    key = features.keys.current(old.subject).access_key_id
    features.accounts.create(new.subject)
    journal: list[dict[str, Any]] = [
        {"event": "account.moved", "subject": old.subject, "to": new.subject, "namespaces": [old.namespace]},
        {"event": "key.deleted", "subject": old.subject, "access_key_id": key},
        {"event": "account.deleted", "subject": old.subject},
    ]
    names = {old.subject: "alice", new.subject: "alice-2"}
    held = {old.namespace}

    for _ in range(2):  # whoever was interrupted does it again
        list(accounts.move_again(features.accounts, features.moves, journal, names, held))
        assert not list(accounts.delete_again(features.accounts, features.namespaces, journal, names, held))
        assert not list(accounts.reconcile(features.accounts, names, set(held)))

    assert features.accounts.namespaces(new.subject)[old.namespace] == ["events"]
    assert features.accounts.namespaces(old.subject) == {}
    fabric.wait(fabric.settings.last_requests_s)
    assert f"{old.namespace}.events" in kafka.held


def test_topics_of_somebody_who_moved_are_adopted_for_the_new_identity_alone(
    fabric: Fabric, kafka: MemoryKafka
) -> None:
    features, old = fabric.features, fabric.of_friend()
    kafka.create(f"{old.namespace}.found")
    journal: list[dict[str, Any]] = [
        {
            "event": "account.moved",
            "subject": old.subject,
            "to": fabric.subject,
            "namespaces": [old.namespace],
        }
    ]
    held = {old.namespace}

    said = list(accounts.move_again(features.accounts, features.moves, journal, {}, held))

    assert said == [f"Moved the account of {old.subject} to {fabric.subject} again."]
    list(accounts.reconcile(features.accounts, {old.subject: "alice"}, held))
    assert features.accounts.namespaces(fabric.subject)[old.namespace] == ["found"]
    assert features.accounts.namespaces(old.subject) == {}


def test_further_namespace_that_was_deleted_is_deleted_again(fabric: Fabric, others: Fabric) -> None:
    features = fabric.features
    features.moves.move(others.subject, fabric.subject)
    journal: list[dict[str, Any]] = [
        {"event": "namespace.deleted", "subject": fabric.subject, "namespace": others.namespace}
    ]

    said = list(accounts.delete_again(features.accounts, features.namespaces, journal, {}, set()))

    assert said == [f"Deleted the namespace {others.namespace} again."]
    assert list(features.accounts.namespaces(fabric.subject)) == [fabric.namespace]


def test_rights_of_an_identity_that_was_linked_count_only_when_the_person_is_here_again(
    fabric: Fabric, others: Fabric
) -> None:
    features = fabric.features
    linked = caller_of(_account(fabric), fabric.friend)
    features.links.seen(linked, None)
    features.access.give(
        Grant(
            namespace=others.namespace,
            topic="events",
            grantee=user(fabric.friend),
            right=Right.READ,
            until=None,
            by=others.subject,
            created=datetime.now(UTC),
        )
    )
    own = features.access.holdings(fabric.subject, [])
    assert [right.name for right in own - EVERYBODYS] == [f"{others.namespace}.events"]
    journal = [{"event": "identity.links_changed", "subject": fabric.subject, "linked": 0}]

    openness.unlink_again(features.links, features.accounts, journal)

    assert features.access.holdings(fabric.subject, []) == EVERYBODYS
    features.links.seen(linked, None)
    assert features.access.holdings(fabric.subject, []) == own

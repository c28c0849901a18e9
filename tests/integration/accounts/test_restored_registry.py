"""The registry put back to an earlier second, while IAM and Kafka went on (docs/operating.md)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from octopus.accounts.models import State
from octopus.credentials import inspection
from stacks.first_day.account import Account
from stacks.restore import tables
from stacks.settings import Settings
from tests.callers import caller_of
from tests.integration.accounts.fabric import Fabric
from tests.memory_kafka import MemoryKafka


@pytest.fixture
def operator() -> Account:
    """The operator of the emulator's account."""
    return Account(Settings.from_context({"institution": "any", "preset": "local"}, region="us-east-1"))


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key is believed to be gone as soon as IAM does not list it."""
    monkeypatch.setattr(inspection, "SETTLES", timedelta(0))


def test_fabric_of_before_goes_on_with_iam_and_kafka_of_now(
    fabric: Fabric, operator: Account, settled: None, iam: Any, kafka: MemoryKafka
) -> None:
    features, subject, namespace = fabric.features, fabric.subject, fabric.namespace
    both = (fabric.settings.registry_table, fabric.settings.credentials_table)
    of_before = features.keys.current(subject).access_key_id
    features.topics.create(caller_of(subject), namespace, "before")
    for table in both:
        tables.restore_beside(operator, table, datetime.now(UTC))

    features.keys.revoke(subject, of_before)
    of_since = features.keys.add(subject).access_key_id
    features.topics.delete(caller_of(subject), namespace, "before")
    features.topics.create(caller_of(subject), namespace, "since")
    of_kafka = kafka.describe(f"{namespace}.since")
    features.accounts.create(fabric.friend)
    fabric.features.topics.create(caller_of(fabric.friend), f"ns-{fabric.friend[-12:]}", "theirs")

    for table in both:
        tables.apply(operator, table, tables.difference(operator, table))
        assert not tables.difference(operator, table)
        tables.delete_restored(operator, table)

    # A key that was ended is back, until the round of all accounts: IAM has it no more.
    assert [key.access_key_id for key in features.keys.recorded(subject)] == [of_before]
    features.keys.tend(subject, unused_after=None)
    assert features.keys.recorded(subject) == []
    # One that was issued is IAM's alone, until its owner asks for one.
    assert in_iam(iam, subject) == {of_since}
    another = features.keys.current(subject).access_key_id
    assert in_iam(iam, subject) == {another}
    # Topics: Kafka is right, and keeps records.
    features.topics.create(caller_of(subject), namespace, "since")
    assert kafka.describe(f"{namespace}.since") == of_kafka
    assert features.topics.delete(caller_of(subject), namespace, "before").changed
    # Somebody who came since comes again, to his topics.
    assert features.accounts.find(fabric.friend) is None
    features.accounts.create(fabric.friend)
    account = features.accounts.find(fabric.friend)
    assert account is not None
    assert account.state is State.ACTIVE
    assert kafka.describe(f"ns-{fabric.friend[-12:]}.theirs") is not None


def in_iam(iam: Any, subject: str) -> set[str]:
    """IAM's keys of a user."""
    return {key["AccessKeyId"] for key in iam.list_access_keys(UserName=subject)["AccessKeyMetadata"]}

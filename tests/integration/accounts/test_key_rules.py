"""Keys of an institution that lets none live for ever, on brokers that learn of them from IAM."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from octopus.audit.reading import Query
from octopus.credentials.models import StoredKey, UsableKey
from octopus.credentials.store import CredentialStore
from octopus.errors import InvalidError
from tests.callers import caller_of
from tests.integration.accounts.fabric import Fabric, new_fabric
from tests.integration.service.deployment import Deployment
from tests.memory_kafka import MemoryGroups, MemoryKafka

LONGEST = timedelta(days=90)


@pytest.fixture
def fabric(deployment: Deployment, kafka: MemoryKafka) -> Iterator[Fabric]:
    """A fabric on MSK with a subject who has nothing yet."""
    told = {"kafka": "msk-standard", "key_days_most": LONGEST.days}
    strict = replace(deployment, settings=deployment.settings.model_copy(update=told))
    made = new_fabric(strict, kafka, MemoryGroups(kafka))
    yield made
    made.clear()


def life(key: UsableKey) -> timedelta:
    assert key.expires is not None
    return datetime.fromisoformat(key.expires) - datetime.fromisoformat(key.created)


def about(wanted: timedelta) -> Any:
    return pytest.approx(wanted, abs=timedelta(minutes=1))


def test_key_ends_with_the_longest_life_unless_its_owner_wants_a_shorter_one(fabric: Fabric) -> None:
    keys = fabric.features.keys
    first = keys.current(fabric.subject)
    further = keys.add(fabric.subject, expires_days=30)

    assert (life(first), life(further)) == (about(LONGEST), about(timedelta(days=30)))


def test_longer_life_is_refused_and_nothing_is_made(fabric: Fabric) -> None:
    with pytest.raises(InvalidError, match="expires_days: 1 to 90 in this deployment, received 365"):
        fabric.features.keys.add(fabric.subject, expires_days=365)

    assert fabric.users() == []


def test_rotated_key_lives_no_longer_than_a_new_one(fabric: Fabric) -> None:
    old = fabric.features.keys.current(fabric.subject)
    # As if it had been made before there was a longest life.
    rewrite(fabric, old.access_key_id, expires=None)

    rotation = fabric.features.keys.rotate(fabric.subject, old.access_key_id, overlap=timedelta(hours=1))

    assert life(rotation.key) == about(LONGEST)


def test_key_made_before_the_rule_ends_too_and_its_end_is_set_once(fabric: Fabric) -> None:
    keys = fabric.features.keys
    old = keys.current(fabric.subject)
    rewrite(fabric, old.access_key_id, expires=None, created="2020-01-01T00:00:00.000+00:00")

    keys.tend(fabric.subject, unused_after=None)
    (bounded,) = keys.recorded(fabric.subject)
    keys.tend(fabric.subject, unused_after=None)

    assert bounded.expires is not None
    left = datetime.fromisoformat(bounded.expires) - datetime.now(UTC)
    assert left == about(LONGEST)
    assert keys.recorded(fabric.subject) == [bounded]
    assert keys.current(fabric.subject).expires == bounded.expires
    told = fabric.features.audit.of_caller(caller_of(fabric.subject), Query())
    ends = [each.data["expires"] for each in told.entries if each.type == "key.bounded"]
    assert ends == [bounded.expires]


def test_key_that_has_ended_is_gone_from_iam_too(fabric: Fabric, iam: Any) -> None:
    key = fabric.features.keys.current(fabric.subject)
    ended = (datetime.now(UTC) - timedelta(seconds=1)).isoformat(timespec="seconds")
    rewrite(fabric, key.access_key_id, expires=ended)

    fabric.features.keys.tend(fabric.subject, unused_after=None)

    assert iam.list_access_keys(UserName=fabric.subject)["AccessKeyMetadata"] == []
    assert fabric.features.keys.current(fabric.subject).fresh


def test_only_a_new_key_says_from_when_on_brokers_take_it(fabric: Fabric) -> None:
    keys = fabric.features.keys
    for fresh in (True, False):  # whoever asks a moment later has to wait as well
        new = keys.current(fabric.subject)
        assert new.fresh is fresh
        assert new.usable_after is not None
        assert datetime.fromisoformat(new.usable_after) <= datetime.now(UTC)

    made = (datetime.now(UTC) - timedelta(minutes=1)).isoformat(timespec="milliseconds")
    rewrite(fabric, new.access_key_id, created=made)

    assert keys.current(fabric.subject).usable_after is None


def rewrite(fabric: Fabric, access_key_id: str, **changes: Any) -> None:
    store = CredentialStore(fabric.deployment.client("dynamodb"), fabric.settings.credentials_table)
    stored = store.key(fabric.subject, access_key_id)
    assert stored is not None
    store.add(StoredKey(**{**vars(stored), **changes}))

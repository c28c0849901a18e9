"""What the credentials table keeps of a key, and for how long."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from octopus.credentials.models import KeyState, Kind, StoredKey
from octopus.credentials.store import CredentialStore
from octopus.iam.generate import policy_sha256
from octopus.judge.store import CredentialsTable, Use

KEY = StoredKey(
    access_key_id="AKIA1",
    subject="alice",
    user_name="alice",
    kind=Kind.IAM_USER,
    secret=b"ciphertext",
    created="2026-11-22T05:00:00+00:00",
)


def test_last_use_is_forgotten_with_its_key(database: Any, table: str) -> None:
    store = CredentialStore(database, table)
    store.add(KEY)
    CredentialsTable(database, table).write_last_use("AKIA1", Use(datetime(2026, 11, 22, tzinfo=UTC), None))
    assert store.last_used(["AKIA1"]) == {"AKIA1": "2026-11-22T00:00:00+00:00"}

    store.remove("alice", ["AKIA1"])

    assert store.last_used(["AKIA1"]) == {}


def test_only_a_change_of_the_policy_makes_it_new(database: Any, table: str) -> None:
    # While a policy is new, the judge waits for IAM to show it: no other change may prolong that.
    store, seen = CredentialStore(database, table), CredentialsTable(database, table)
    store.bump_version("alice", policy_sha256({}))
    written = seen.version("alice")
    store.add(KEY)
    store.set_states("alice", {"AKIA1": KeyState.INACTIVE})
    assert seen.version("alice") == written

    store.bump_version("alice", policy_sha256({"Version": "2012-10-17"}))

    after = seen.version("alice")
    assert written is not None
    assert after is not None
    assert after.changed > written.changed


def test_principal_without_a_policy_has_a_version_from_its_first_key_on(database: Any, table: str) -> None:
    CredentialStore(database, table).add(KEY)

    version = CredentialsTable(database, table).version("alice")

    assert version is not None
    assert version.policy_sha256 == ""

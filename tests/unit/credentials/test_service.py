"""Which key a principal has, and when it gets a new one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from structlog.testing import capture_logs

from octopus.credentials import inspection
from octopus.credentials.issuer import IamUserIssuer, IssuedKey, PrincipalGoneError
from octopus.credentials.models import Kind, StoredKey
from octopus.credentials.secrets import encrypt
from octopus.credentials.service import Credentials
from octopus.credentials.store import NO_POLICY_SHA256, CredentialStore
from octopus.registry.leases import Leases
from octopus.registry.transactions import ConditionFailedError

SUBJECT = "7d8d8c1e-0d5c-4b0e-9f57-3f2a5c1b9e44"


class RecordingIssuer(IamUserIssuer):
    """IAM, and what was asked of it."""

    def __init__(self, client: Any) -> None:
        super().__init__(client)
        self.issued: list[IssuedKey] = []
        self.once_issued: Callable[[], None] = lambda: None

    def issue(self, user_name: str) -> IssuedKey:
        self.issued.append(super().issue(user_name))
        self.once_issued()
        return self.issued[-1]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "_ASKED_AGAIN_S", 0.0)


@pytest.fixture
def iam(database: Any) -> Any:
    client = boto3.client("iam", region_name="us-east-1")
    client.create_user(UserName=SUBJECT)
    return client


@pytest.fixture
def kms(database: Any) -> Any:
    return boto3.client("kms", region_name="us-east-1")


@pytest.fixture
def kms_key(kms: Any) -> str:
    return str(kms.create_key()["KeyMetadata"]["Arn"])


@pytest.fixture
def store(database: Any, table: str) -> CredentialStore:
    return CredentialStore(database, table)


@pytest.fixture
def issuer(iam: Any) -> RecordingIssuer:
    return RecordingIssuer(iam)


@pytest.fixture
def credentials(store: CredentialStore, issuer: RecordingIssuer, kms: Any, kms_key: str) -> Credentials:
    return Credentials(store=store, issuer=issuer, kms=kms, kms_key_arn=kms_key)


@pytest.fixture
def leases(database: Any, table: str) -> Leases:
    return Leases(database, table)


def test_newest_key_that_works_is_the_current_one(
    credentials: Credentials, store: CredentialStore, leases: Leases, iam: Any, kms: Any, kms_key: str
) -> None:
    with leases.hold("account") as lease:
        first = credentials.issue(SUBJECT, SUBJECT, lease)
    second = iam.create_access_key(UserName=SUBJECT)["AccessKey"]
    ciphertext = encrypt(
        kms,
        kms_key,
        subject=SUBJECT,
        access_key_id=second["AccessKeyId"],
        secret=second["SecretAccessKey"],
    )
    later = (datetime.now(UTC) + timedelta(seconds=5)).isoformat()
    store.add(
        StoredKey(
            access_key_id=second["AccessKeyId"],
            subject=SUBJECT,
            user_name=SUBJECT,
            kind=Kind.IAM_USER,
            secret=ciphertext,
            created=later,
        )
    )

    newest = credentials.current(SUBJECT, SUBJECT)
    iam.update_access_key(UserName=SUBJECT, AccessKeyId=second["AccessKeyId"], Status="Inactive")
    older = credentials.current(SUBJECT, SUBJECT)

    assert newest is not None
    assert (newest.access_key_id, newest.secret) == (second["AccessKeyId"], second["SecretAccessKey"])
    assert older is not None
    assert (older.access_key_id, older.secret) == (first.access_key_id, first.secret)


def test_key_past_its_expiry_is_not_current(
    credentials: Credentials, store: CredentialStore, leases: Leases
) -> None:
    with leases.hold("account") as lease:
        credentials.issue(SUBJECT, SUBJECT, lease)
    key = store.keys_of(SUBJECT)[0]
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    store.add(StoredKey(**{**vars(key), "expires": past}))

    assert credentials.current(SUBJECT, SUBJECT) is None


def test_issuing_makes_room_so_that_the_user_never_has_more_than_it_may(
    credentials: Credentials, leases: Leases, iam: Any
) -> None:
    strays = [iam.create_access_key(UserName=SUBJECT)["AccessKey"]["AccessKeyId"] for _ in range(2)]

    with leases.hold("account") as lease, capture_logs() as logged:
        key = credentials.issue(SUBJECT, SUBJECT, lease)

    listed = [held["AccessKeyId"] for held in iam.list_access_keys(UserName=SUBJECT)["AccessKeyMetadata"]]
    assert listed == [key.access_key_id]
    assert key.access_key_id not in strays
    deleted = [entry["access_key_id"] for entry in logged if entry["event"] == "key.deleted"]
    assert sorted(deleted) == sorted(strays), "what heals a fabric must find them deleted"


def test_key_that_cannot_be_recorded_is_taken_back(
    credentials: Credentials, leases: Leases, issuer: RecordingIssuer, iam: Any
) -> None:
    with leases.hold("account") as lease:
        issuer.once_issued = lambda: leases._release("account", lease._holder)
        with pytest.raises(ConditionFailedError):
            credentials.issue(SUBJECT, SUBJECT, lease)

    assert len(issuer.issued) == 1
    assert iam.list_access_keys(UserName=SUBJECT)["AccessKeyMetadata"] == []


def test_deleting_keys_twice_is_deleting_them(credentials: Credentials, leases: Leases, iam: Any) -> None:
    with leases.hold("account") as lease:
        credentials.issue(SUBJECT, SUBJECT, lease)

        credentials.delete_all(SUBJECT, SUBJECT, lease)
        credentials.delete_all(SUBJECT, SUBJECT, lease)

    assert iam.list_access_keys(UserName=SUBJECT)["AccessKeyMetadata"] == []
    assert credentials.current(SUBJECT, SUBJECT) is None


def test_key_of_a_user_that_iam_does_not_have_is_said_to_be_so(
    credentials: Credentials, leases: Leases, iam: Any
) -> None:
    with leases.hold("account") as lease:
        key = credentials.issue(SUBJECT, SUBJECT, lease)
    iam.delete_access_key(UserName=SUBJECT, AccessKeyId=key.access_key_id)
    iam.delete_user(UserName=SUBJECT)

    with pytest.raises(PrincipalGoneError):
        credentials.current(SUBJECT, SUBJECT)


def test_secrets_are_in_no_representation(credentials: Credentials, leases: Leases) -> None:
    with leases.hold("account") as lease:
        key = credentials.issue(SUBJECT, SUBJECT, lease)

    assert key.secret
    assert key.secret not in repr(key)


def test_version_row_says_which_policy_is_in_force(store: CredentialStore, database: Any, table: str) -> None:
    def recorded() -> str:
        row = {"pk": {"S": f"SUBJECT#{SUBJECT}"}, "sk": {"S": "VERSION"}}
        item = database.get_item(TableName=table, Key=row)["Item"]
        return f"{item['version']['N']} {item['policy_sha256']['S']}"

    store.bump_version(SUBJECT)
    assert recorded() == "1 "
    store.bump_version(SUBJECT, "a" * 64)
    assert recorded() == f"2 {'a' * 64}"
    store.bump_version(SUBJECT)
    assert recorded() == f"3 {'a' * 64}"
    store.bump_version(SUBJECT, NO_POLICY_SHA256)
    assert recorded() == "4 "

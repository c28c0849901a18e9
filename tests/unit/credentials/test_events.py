"""What the audit is told of keys, in the transactions that change them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import Mock

import boto3
import pytest

from octopus.accounts.models import Account
from octopus.accounts.models import State as AccountState
from octopus.accounts.service import Accounts
from octopus.audit.events import FABRIC, OPERATOR, Event
from octopus.audit.notices import Notices
from octopus.audit.trail import Trail
from octopus.credentials import inspection
from octopus.credentials.events import by_its_owner
from octopus.credentials.issuer import IamUserIssuer
from octopus.credentials.keys import Keys
from octopus.credentials.models import KeyRules, Kind, StoredKey
from octopus.credentials.service import Credentials
from octopus.credentials.store import CredentialStore
from octopus.metrics.instruments import Instruments
from octopus.registry.leases import Lease, Leases
from octopus.registry.transactions import ConditionFailedError
from tests.trail import recorded

SUBJECT = "7d8d8c1e-0d5c-4b0e-9f57-3f2a5c1b9e44"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "_ASKED_AGAIN_S", 0.0)


@pytest.fixture
def store(database: Any, table: str) -> CredentialStore:
    return CredentialStore(database, table)


@pytest.fixture
def credentials(database: Any, table: str, store: CredentialStore) -> Credentials:
    iam, kms = boto3.client("iam", region_name="us-east-1"), boto3.client("kms", region_name="us-east-1")
    iam.create_user(UserName=SUBJECT)
    trail = Trail(database, table, kept_days=400)
    return Credentials(
        store=store,
        issuer=IamUserIssuer(iam),
        trail=trail,
        notices=Notices(database, table, trail, warning=timedelta(days=14), mail=False),
        kms=kms,
        kms_key_arn=kms.create_key()["KeyMetadata"]["Arn"],
    )


@pytest.fixture
def lease(database: Any, table: str) -> Iterator[Lease]:
    with Leases(database, table).hold("account") as held:
        yield held


class ActiveAccounts(Accounts):
    """Everybody has an account."""

    def __init__(self) -> None:
        pass

    def find(self, subject: str) -> Account:
        return Account(subject, AccountState.ACTIVE, frozenset())


def told(event: Event) -> tuple[str, str, str | None]:
    return event.type, event.actor, event.subject


def test_life_of_a_key_is_told_to_its_owner(
    credentials: Credentials, lease: Lease, database: Any, table: str
) -> None:
    old = credentials.issue(SUBJECT, SUBJECT, lease, label="laptop")
    rotation = credentials.rotate(SUBJECT, SUBJECT, old.access_key_id, lease, overlap=timedelta(hours=1))
    assert rotation is not None
    new = rotation.key
    credentials.relabel(SUBJECT, new.access_key_id, "desk")
    credentials.end(SUBJECT, SUBJECT, {old.access_key_id: by_its_owner(SUBJECT)}, lease)

    events = recorded(database, table)

    assert sorted(told(event) for event in events) == sorted(
        (name, SUBJECT, SUBJECT)
        for name in ("key.issued", "key.issued", "key.rotated", "key.relabelled", "key.ended")
    )
    by_type = {event.type: event.data for event in events}
    assert by_type["key.rotated"] == {
        "access_key_id": old.access_key_id,
        "replaced_by": new.access_key_id,
        "works_until": rotation.replaced_expires,
    }
    assert by_type["key.relabelled"] == {"access_key_id": new.access_key_id, "label": "desk"}
    assert by_type["key.ended"] == {"access_key_id": old.access_key_id, "reason": "its owner deleted it"}


def test_no_event_holds_a_secret(credentials: Credentials, lease: Lease, database: Any, table: str) -> None:
    keys = [credentials.issue(SUBJECT, SUBJECT, lease) for _ in range(2)]
    credentials.delete_all(SUBJECT, SUBJECT, lease)

    pages = database.get_paginator("scan").paginate(TableName=table)
    texts = [item["event"]["S"] for page in pages for item in page["Items"] if "event" in item]

    assert texts
    assert not [text for text in texts for key in keys if key.secret in text]


def test_change_that_is_not_made_is_not_told(
    credentials: Credentials, lease: Lease, database: Any, table: str
) -> None:
    Leases(database, table)._release("account", lease._holder)

    with pytest.raises(ConditionFailedError):
        credentials._mint.issue(SUBJECT, SUBJECT, lease, kind=Kind.IAM_USER, label=None, expires=None)

    assert recorded(database, table) == []


def test_every_key_and_session_of_a_deleted_account_is_told_however_many(
    credentials: Credentials, store: CredentialStore, lease: Lease, database: Any, table: str
) -> None:
    credentials.issue(SUBJECT, SUBJECT, lease)
    soon = (datetime.now(UTC) + timedelta(minutes=30)).isoformat()
    for _ in range(40):
        store.add(
            StoredKey(
                access_key_id=f"ASIA{uuid.uuid4().hex[:16].upper()}",
                subject=SUBJECT,
                user_name=SUBJECT,
                kind=Kind.SESSION,
                secret=b"sealed",
                created=soon,
                expires=soon,
                topics=("a.b",),
                actions=("read",),
            )
        )

    credentials.delete_all(SUBJECT, SUBJECT, lease)

    ends = [event for event in recorded(database, table) if event.type.endswith(".ended")]
    assert sorted(event.type for event in ends) == ["key.ended"] + ["session.ended"] * 40
    assert {event.actor for event in ends} == {FABRIC}
    assert store.all_of(SUBJECT) == []


def test_key_of_the_platform_is_its_operators(
    credentials: Credentials, lease: Lease, database: Any, table: str
) -> None:
    credentials.issue(SUBJECT, SUBJECT, lease, kind=Kind.PLATFORM)

    (event,) = recorded(database, table)

    assert told(event) == ("key.issued", OPERATOR, SUBJECT)


@pytest.mark.parametrize(
    ("made_days_ago", "ends_in_days", "warned"),
    [(30, 13, True), (30, 15, False), (2, 3, False), (3, 2, True)],
)
def test_owner_is_told_once_of_a_key_that_ends_soon(
    credentials: Credentials,
    store: CredentialStore,
    lease: Lease,
    database: Any,
    table: str,
    made_days_ago: float,
    ends_in_days: float,
    warned: bool,
) -> None:
    key = credentials.issue(SUBJECT, SUBJECT, lease)
    (stored,) = store.keys_of(SUBJECT)
    now = datetime.now(UTC)
    end = (now + timedelta(days=ends_in_days)).isoformat(timespec="seconds")
    made = (now - timedelta(days=made_days_ago)).isoformat(timespec="seconds")
    store.add(StoredKey(**{**vars(stored), "created": made, "expires": end}))

    rules = KeyRules(issued=True, longest=None, spread=False)
    round_ = Keys(
        accounts=ActiveAccounts(),
        principals=Mock(),
        credentials=credentials,
        quotas=Mock(),
        rules=rules,
        instruments=Instruments("service"),
    )
    for _ in range(2):
        round_.tend(SUBJECT, unused_after=None)

    found = [event for event in recorded(database, table) if event.type == "key.ending"]
    expected = {"access_key_id": key.access_key_id, "label": None, "ends": end}
    assert [(event.subject, event.data) for event in found] == ([(SUBJECT, expected)] if warned else [])

"""Which key a principal has, and when it gets a new one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber
from structlog.testing import capture_logs

from octopus.audit.notices import Notices
from octopus.audit.trail import Trail
from octopus.credentials import inspection
from octopus.credentials.events import by_its_owner
from octopus.credentials.issuer import IamUserIssuer, IssuedKey, PrincipalGoneError
from octopus.credentials.models import KeyState, Kind, NoRoomError, StoredKey
from octopus.credentials.secrets import encrypt
from octopus.credentials.service import Credentials
from octopus.credentials.store import NO_POLICY_SHA256, CredentialStore
from octopus.credentials.sts import SessionIssuer
from octopus.credentials.usage import Usage
from octopus.errors import Failure, OctopusError
from octopus.iam.generate import PolicyTooLargeError
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
def trail(database: Any, table: str) -> Trail:
    return Trail(database, table, kept_days=400)


@pytest.fixture
def credentials(
    database: Any,
    table: str,
    store: CredentialStore,
    issuer: RecordingIssuer,
    trail: Trail,
    kms: Any,
    kms_key: str,
) -> Credentials:
    notices = Notices(database, table, trail, warning=timedelta(days=14), mail=True)
    return Credentials(store=store, issuer=issuer, trail=trail, notices=notices, kms=kms, kms_key_arn=kms_key)


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


def test_third_key_is_refused_and_changes_nothing(
    credentials: Credentials, leases: Leases, store: CredentialStore
) -> None:
    with leases.hold("account") as lease:
        kept = [credentials.issue(SUBJECT, SUBJECT, lease).access_key_id for _ in range(2)]
        with pytest.raises(NoRoomError) as full:
            credentials.issue(SUBJECT, SUBJECT, lease)

    assert [key.access_key_id for key in full.value.keys] == kept[::-1]
    assert [key.access_key_id for key in store.keys_of(SUBJECT)] == kept[::-1]


def test_rotation_whose_new_key_cannot_be_had_says_that_the_old_one_is_gone(
    credentials: Credentials, leases: Leases, issuer: RecordingIssuer, store: CredentialStore
) -> None:
    def fail() -> None:
        raise EndpointConnectionError(endpoint_url="https://kms.example")

    with leases.hold("account") as lease:
        old, kept = (credentials.issue(SUBJECT, SUBJECT, lease).access_key_id for _ in range(2))
        issuer.once_issued = fail
        with pytest.raises(OctopusError, match=f"Key {old} is deleted and no new one was made"):
            credentials.rotate(SUBJECT, SUBJECT, old, lease, overlap=timedelta(0))

    assert [key.access_key_id for key in store.keys_of(SUBJECT)] == [kept]


def test_rotation_that_fails_before_the_old_key_ends_leaves_it(
    credentials: Credentials, leases: Leases, issuer: RecordingIssuer, store: CredentialStore
) -> None:
    def fail() -> None:
        raise EndpointConnectionError(endpoint_url="https://kms.example")

    with leases.hold("account") as lease:
        old = credentials.issue(SUBJECT, SUBJECT, lease).access_key_id
        issuer.once_issued = fail
        with pytest.raises(EndpointConnectionError):
            credentials.rotate(SUBJECT, SUBJECT, old, lease, overlap=timedelta(0))

    (left,) = store.keys_of(SUBJECT)
    assert (left.access_key_id, left.expires, left.successor) == (old, None, None)


def test_rotation_at_once_records_the_new_key_and_the_end_of_the_old_in_one_step(
    credentials: Credentials,
    leases: Leases,
    issuer: RecordingIssuer,
    store: CredentialStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def die(
        _store: CredentialStore, _subject: str, access_key_ids: Sequence[str], *_checks: object, told: object
    ) -> None:
        if access_key_ids:
            raise KeyboardInterrupt

    with leases.hold("account") as lease:
        old = credentials.issue(SUBJECT, SUBJECT, lease).access_key_id
        monkeypatch.setattr(CredentialStore, "remove", die)
        with pytest.raises(KeyboardInterrupt):
            credentials.rotate(SUBJECT, SUBJECT, old, lease, overlap=timedelta(0))

    found = {key.access_key_id: key for key in store.keys_of(SUBJECT)}
    new = issuer.issued[-1].access_key_id
    assert found[old].expired()
    assert (found[old].successor, found[new].expired()) == (new, False)


@pytest.mark.parametrize("life", [None, timedelta(days=30)])
def test_second_rotation_of_a_key_gives_the_life_that_it_had_before_the_first(
    credentials: Credentials, leases: Leases, store: CredentialStore, life: timedelta | None
) -> None:
    end = (datetime.now(UTC) + life).isoformat() if life else None
    with leases.hold("account") as lease:
        old = credentials.issue(SUBJECT, SUBJECT, lease, expires=end).access_key_id
        for _ in range(2):
            rotation = credentials.rotate(SUBJECT, SUBJECT, old, lease, overlap=timedelta(hours=1))
            assert rotation is not None
            gone = {rotation.key.access_key_id: by_its_owner(SUBJECT)}
            credentials.end(SUBJECT, SUBJECT, gone, lease)

            expires = rotation.key.expires

    if life is None:
        assert expires is None
    else:
        assert expires is not None
        assert datetime.fromisoformat(expires) - datetime.now(UTC) > timedelta(days=29)


def test_key_just_made_that_iam_does_not_list_yet_is_not_taken_back(
    credentials: Credentials,
    leases: Leases,
    issuer: RecordingIssuer,
    store: CredentialStore,
    iam: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def gone(user_name: str) -> dict[str, bool]:
        raise PrincipalGoneError(user_name)

    with leases.hold("account") as lease:
        first = credentials.issue(SUBJECT, SUBJECT, lease).access_key_id
        monkeypatch.setattr(issuer, "states", gone)
        with pytest.raises(PrincipalGoneError):
            credentials.issue(SUBJECT, SUBJECT, lease)
        monkeypatch.setattr(issuer, "states", lambda _user_name: {})
        second = credentials.issue(SUBJECT, SUBJECT, lease).access_key_id

    listed = {key["AccessKeyId"] for key in iam.list_access_keys(UserName=SUBJECT)["AccessKeyMetadata"]}
    assert listed == {key.access_key_id for key in store.keys_of(SUBJECT)} == {first, second}


def test_rotation_whose_turn_is_lost_says_that_the_old_key_is_gone(
    credentials: Credentials, leases: Leases, issuer: RecordingIssuer
) -> None:
    with leases.hold("account") as lease:
        old, _kept = (credentials.issue(SUBJECT, SUBJECT, lease).access_key_id for _ in range(2))
        issuer.once_issued = lambda: leases._release("account", lease._holder)
        with pytest.raises(OctopusError, match=f"Key {old} is deleted and no new one was made"):
            credentials.rotate(SUBJECT, SUBJECT, old, lease, overlap=timedelta(0))


def test_iams_ceiling_on_keys_is_a_failure_that_says_so() -> None:
    client = boto3.client("iam", region_name="us-east-1")
    with Stubber(client) as aws:
        told = "Cannot exceed quota for AccessKeysPerUser: 2"
        aws.add_client_error("create_access_key", "LimitExceeded", told)
        with pytest.raises(Failure, match=told):
            IamUserIssuer(client).issue(SUBJECT)


def test_suspended_keys_come_back_as_they_were_and_sessions_do_not(
    credentials: Credentials, leases: Leases, store: CredentialStore, iam: Any
) -> None:
    def in_iam() -> dict[str, str]:
        listed = iam.list_access_keys(UserName=SUBJECT)["AccessKeyMetadata"]
        return {key["AccessKeyId"]: key["Status"] for key in listed}

    with leases.hold("account") as lease:
        active, idle = (credentials.issue(SUBJECT, SUBJECT, lease).access_key_id for _ in range(2))
        store.set_states(SUBJECT, {idle: KeyState.INACTIVE})
        iam.update_access_key(UserName=SUBJECT, AccessKeyId=idle, Status="Inactive")
        store.add(session("ASIA1"))

        for _ in range(2):
            credentials.suspend(SUBJECT, SUBJECT, lease)
        assert {key.access_key_id: key.state for key in store.all_of(SUBJECT)} == {
            active: KeyState.SUSPENDED,
            idle: KeyState.INACTIVE,
        }
        assert in_iam() == {active: "Inactive", idle: "Inactive"}
        assert credentials.current(SUBJECT, SUBJECT) is None

        for _ in range(2):
            credentials.resume(SUBJECT, SUBJECT, lease)
        assert {key.access_key_id: key.state for key in store.all_of(SUBJECT)} == {
            active: KeyState.ACTIVE,
            idle: KeyState.INACTIVE,
        }
        assert in_iam() == {active: "Active", idle: "Inactive"}


def test_suspended_key_that_iam_lost_meanwhile_is_forgotten(
    credentials: Credentials, leases: Leases, store: CredentialStore, iam: Any
) -> None:
    with leases.hold("account") as lease:
        key = credentials.issue(SUBJECT, SUBJECT, lease).access_key_id
        credentials.suspend(SUBJECT, SUBJECT, lease)
        iam.delete_access_key(UserName=SUBJECT, AccessKeyId=key)
        credentials.resume(SUBJECT, SUBJECT, lease)

    assert store.all_of(SUBJECT) == []


def test_what_was_done_in_iam_by_hand_before_a_suspension_is_as_it_was_after_it(
    credentials: Credentials, leases: Leases, store: CredentialStore, iam: Any
) -> None:
    with leases.hold("account") as lease:
        off, on = (credentials.issue(SUBJECT, SUBJECT, lease).access_key_id for _ in range(2))
        # As yet only IAM knows.
        iam.update_access_key(UserName=SUBJECT, AccessKeyId=off, Status="Inactive")
        store.set_states(SUBJECT, {on: KeyState.INACTIVE})

        for _ in range(2):
            credentials.suspend(SUBJECT, SUBJECT, lease)
        listed = iam.list_access_keys(UserName=SUBJECT)["AccessKeyMetadata"]
        assert {key["Status"] for key in listed} == {"Inactive"}
        credentials.resume(SUBJECT, SUBJECT, lease)

    listed = iam.list_access_keys(UserName=SUBJECT)["AccessKeyMetadata"]
    assert {key["AccessKeyId"]: key["Status"] for key in listed} == {off: "Inactive", on: "Active"}
    assert {key.access_key_id: key.state for key in store.keys_of(SUBJECT)} == {
        off: KeyState.INACTIVE,
        on: KeyState.ACTIVE,
    }


def test_key_that_ended_while_it_was_suspended_does_not_come_back(
    credentials: Credentials, leases: Leases, store: CredentialStore, iam: Any
) -> None:
    with leases.hold("account") as lease:
        credentials.issue(SUBJECT, SUBJECT, lease)
        credentials.suspend(SUBJECT, SUBJECT, lease)
        (key,) = store.keys_of(SUBJECT)
        store.add(replace(key, expires=(datetime.now(UTC) - timedelta(seconds=1)).isoformat()))
        credentials.resume(SUBJECT, SUBJECT, lease)

    assert store.all_of(SUBJECT) == []
    assert iam.list_access_keys(UserName=SUBJECT)["AccessKeyMetadata"] == []


def test_suspension_of_a_user_that_is_gone_asks_nothing_of_its_keys(
    credentials: Credentials, leases: Leases, store: CredentialStore, iam: Any
) -> None:
    calls: list[str] = []
    with leases.hold("account") as lease:
        credentials.issue(SUBJECT, SUBJECT, lease)
        iam.meta.events.register("before-call.iam.*", lambda model, **_call: calls.append(model.name))
        credentials.suspend(SUBJECT, SUBJECT, lease, keep_in_iam=True)

    assert [key.state for key in store.keys_of(SUBJECT)] == [KeyState.SUSPENDED]
    assert calls == []


def test_suspension_ends_many_sessions_together_once_the_keys_are_off(
    credentials: Credentials, leases: Leases, store: CredentialStore, iam: Any, database: Any
) -> None:
    writes: list[str] = []
    for number in range(130):
        store.add(session(f"ASIA{number:03}"))
    with leases.hold("account") as lease:
        credentials.issue(SUBJECT, SUBJECT, lease)
        database.meta.events.register(
            "before-call.dynamodb.TransactWriteItems", lambda **_call: writes.append("table")
        )
        iam.meta.events.register("before-call.iam.UpdateAccessKey", lambda **_call: writes.append("key off"))
        credentials.suspend(SUBJECT, SUBJECT, lease)

    assert writes[:2] == ["table", "key off"]
    assert set(writes[2:]) == {"table"}
    assert len(writes) < 130 / 10
    assert [key.kind for key in store.all_of(SUBJECT)] == [Kind.IAM_USER]


def test_more_sessions_than_a_transaction_holds_are_read_counted_and_ended(
    credentials: Credentials, leases: Leases, store: CredentialStore
) -> None:
    for number in range(130):
        store.add(session(f"ASIA{number:03}"))
    with leases.hold("account") as lease:
        key = credentials.issue(SUBJECT, SUBJECT, lease).access_key_id

        assert store.live_sessions(SUBJECT) == 130
        assert len(store.all_of(SUBJECT)) == 131
        assert [one.access_key_id for one in store.keys_of(SUBJECT)] == [key]
        credentials.delete_all(SUBJECT, SUBJECT, lease)

    assert store.all_of(SUBJECT) == []
    assert store.live_sessions(SUBJECT) == 0


def test_key_of_another_principal_is_not_found(store: CredentialStore) -> None:
    store.add(session("ASIA1"))

    assert store.key(SUBJECT, "ASIA1") is not None
    assert store.key("another", "ASIA1") is None
    assert not store.set_label("ASIA2", "gone")


def test_last_use_is_the_judges_word_or_iams_where_that_is_newer(
    store: CredentialStore, database: Any, table: str
) -> None:
    session_key, used, unused = "ASIA0000000000000001", "AKIA0000000000000001", "AKIA0000000000000002"
    for name, seen in ((session_key, "2026-11-22T05:00:00+00:00"), (used, "2026-11-22T05:00:00+00:00")):
        row = {"pk": {"S": f"USE#{name}"}, "sk": {"S": "USE"}, "last_used": {"S": seen}}
        database.put_item(TableName=table, Item=row)
    client = boto3.client("iam", region_name="us-east-1")
    where = {"Region": "us-east-1", "ServiceName": "sts"}
    with Stubber(client) as aws:
        for last in ({**where, "LastUsedDate": datetime(2026, 11, 22, 6, tzinfo=UTC)}, where):
            aws.add_response("get_access_key_last_used", {"UserName": SUBJECT, "AccessKeyLastUsed": last})
        usage = Usage(store=store, issuer=IamUserIssuer(client))
        keys = [
            session(session_key),
            *(replace(session(name), kind=Kind.IAM_USER) for name in (used, unused)),
        ]

        assert usage.last(keys) == {
            session_key: "2026-11-22T05:00:00+00:00",
            used: "2026-11-22T06:00:00+00:00",
        }


@pytest.mark.parametrize(
    ("watched_since", "watched_until", "used", "told", "certain"),
    [
        (100, 0, None, True, True),
        (100, 0, 91, True, True),
        (100, 0, 89, True, False),
        (89, 0, None, True, False),
        (100, 1, None, True, False),
        (None, None, None, True, False),
        (100, 0, None, False, False),
    ],
    ids=[
        "never used",
        "used before",
        "used after",
        "not watched all the time",
        "not watched of late",
        "never watched",
        "AWS does not tell",
    ],
)
def test_key_is_unused_only_where_every_use_would_be_known(
    store: CredentialStore,
    database: Any,
    table: str,
    watched_since: int | None,
    watched_until: int | None,
    used: int | None,
    told: bool,
    certain: bool,
) -> None:
    def ago(days: int) -> dict[str, str]:
        return {"S": (datetime.now(UTC) - timedelta(days=days)).isoformat()}

    key = replace(session("AKIA0000000000000001"), kind=Kind.IAM_USER)
    if watched_since is not None and watched_until is not None:
        row = {"pk": {"S": "USE#judge"}, "sk": {"S": "USE"}}
        span = {"since": ago(watched_since), "until": ago(watched_until)}
        database.put_item(TableName=table, Item=row | span)
    if used is not None:
        row = {"pk": {"S": "USE#AKIA0000000000000001"}, "sk": {"S": "USE"}}
        database.put_item(TableName=table, Item=row | {"last_used": ago(used)})
    client = boto3.client("iam", region_name="us-east-1")
    with Stubber(client) as aws:
        if told:
            never = {"Region": "N/A", "ServiceName": "N/A"}
            aws.add_response("get_access_key_last_used", {"UserName": SUBJECT, "AccessKeyLastUsed": never})
        else:
            aws.add_client_error("get_access_key_last_used", "AccessDenied")
        usage = Usage(store=store, issuer=IamUserIssuer(client))

        assert usage.unused_since(key, datetime.now(UTC) - timedelta(days=90)) is certain


@pytest.mark.parametrize("code", ["NoSuchEntity", "AccessDenied"])
def test_last_use_of_a_key_that_iam_lost_is_not_listed(store: CredentialStore, code: str) -> None:
    client = boto3.client("iam", region_name="us-east-1")
    with Stubber(client) as aws:
        aws.add_client_error("get_access_key_last_used", code)
        usage = Usage(store=store, issuer=IamUserIssuer(client))
        assert usage.last([replace(session("AKIA0000000000000001"), kind=Kind.IAM_USER)]) == {}


def test_policy_that_sts_cannot_pack_is_refused_by_field() -> None:
    client = boto3.client("sts", region_name="us-east-1")
    with Stubber(client) as aws:
        aws.add_client_error("assume_role", "PackedPolicyTooLarge", "Packed size is 120% of allowed")
        issuer = SessionIssuer(client, role_arn="arn:aws:iam::111122223333:role/octopus-t-client")
        with pytest.raises(PolicyTooLargeError, match="topics: AWS cannot pack the session's policy of"):
            issuer.issue(name=SUBJECT, policy={"Version": "2012-10-17", "Statement": []}, duration_s=900)


def session(access_key_id: str) -> StoredKey:
    return StoredKey(
        access_key_id=access_key_id,
        subject=SUBJECT,
        user_name=SUBJECT,
        kind=Kind.SESSION,
        secret=b"ciphertext",
        created=datetime.now(UTC).isoformat(),
        expires=(datetime.now(UTC) + timedelta(hours=1)).isoformat(),
        topics=("ns.b", "ns.a"),
        actions=("read",),
    )

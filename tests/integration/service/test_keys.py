"""Several keys a person: added, rotated, labelled, revoked, listed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from octopus.credentials.models import KeyState
from octopus.web.assembly import Features
from tests.integration.service.deployment import Deployment
from tests.integration.service.replica import Person, Replica, await_that
from tests.patience import PATIENCE_S

KEYS = "/api/v3/keys"


@pytest.fixture
def set_key(deployment: Deployment) -> Callable[..., None]:
    """Writes attributes of a recorded key, as time or a lost KMS key would have left them."""

    def write(access_key: str, **attributes: str | bytes) -> None:
        deployment.client("dynamodb").update_item(
            TableName=deployment.settings.credentials_table,
            Key={"pk": {"S": f"KEY#{access_key}"}, "sk": {"S": "KEY"}},
            UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in attributes),
            ExpressionAttributeNames={f"#{name}": name for name in attributes},
            ExpressionAttributeValues={
                f":{name}": {"B" if isinstance(value, bytes) else "S": value}
                for name, value in attributes.items()
            },
        )

    return write


def ago(**span: float) -> str:
    return (datetime.now(UTC) - timedelta(**span)).isoformat(timespec="seconds")


def listed(replica: Replica, person: Person) -> dict[str, dict[str, Any]]:
    return {key["access_key"]: key for key in person.get(replica, "GET", KEYS)["keys"]}


def in_iam(deployment: Deployment, person: Person) -> set[str]:
    keys = deployment.client("iam").list_access_keys(UserName=person.subject)["AccessKeyMetadata"]
    return {key["AccessKeyId"] for key in keys}


def add(replica: Replica, person: Person, **wanted: Any) -> str:
    return str(person.get(replica, "POST", KEYS, wanted)["access_key"])


def test_further_key_is_listed_beside_the_first_and_is_the_newest(
    replica: Replica, person: Person, deployment: Deployment
) -> None:
    first = person.get(replica, "POST", "/api/v3/key")
    second = person.get(replica, "POST", KEYS, {"label": "beamline 7", "expires_days": 30})

    assert second["access_key"] != first["access_key"]
    assert (second["fresh"], second["label"], second["endpoint"]) == (True, "beamline 7", first["endpoint"])
    days = datetime.fromisoformat(second["expires"]) - datetime.now(UTC)
    assert timedelta(days=29) < days <= timedelta(days=30)
    found = listed(replica, person)
    assert list(found) == [second["access_key"], first["access_key"]]
    assert found[second["access_key"]] == {
        "access_key": second["access_key"],
        "label": "beamline 7",
        "kind": "iam-user",
        "state": "active",
        "create_date": second["create_date"],
        "expires": second["expires"],
        "last_used": None,
        "replaced_by": None,
        "topics": None,
        "actions": None,
    }
    again = person.get(replica, "POST", "/api/v3/key")
    assert (again["access_key"], again["fresh"]) == (second["access_key"], False)
    assert in_iam(deployment, person) == set(found)


def test_further_key_of_somebody_new_comes_with_the_account(replica: Replica, person: Person) -> None:
    key = person.call(replica, "POST", KEYS).json()

    assert key["fresh"] is True
    assert person.get(replica, "GET", "/api/v3/namespace")["namespaces"] == {person.namespace: []}


def test_third_key_is_a_failure_that_names_both(
    replica: Replica, person: Person, deployment: Deployment
) -> None:
    first, second = add(replica, person), add(replica, person, label="laptop")

    refused = person.get(replica, "POST", KEYS, {"label": "third"})

    assert refused == {
        "status": "failure",
        "message": f"A user may have 2 keys, and {second} (label 'laptop') and {first} (no label) work: "
        "delete one, or rotate one to put a new key in its place",
    }
    assert set(listed(replica, person)) == in_iam(deployment, person) == {first, second}


def test_racing_for_further_keys_makes_two(
    replicas: list[Replica], person: Person, deployment: Deployment
) -> None:
    with ThreadPoolExecutor(12) as threads:
        replies = list(
            threads.map(lambda number: person.get(replicas[number % 2], "POST", KEYS, {}), range(12))
        )

    made = {reply["access_key"] for reply in replies if reply["status"] == "success"}
    assert Counter(reply["status"] for reply in replies) == {"success": 2, "failure": 10}
    assert made == in_iam(deployment, person) == set(listed(replicas[0], person))


@pytest.mark.parametrize("fault", ["unreadable", "inactive", "deleted", "expired", "unrecorded"])
def test_key_that_does_not_work_makes_room(
    replica: Replica,
    person: Person,
    deployment: Deployment,
    set_key: Callable[..., None],
    fault: str,
) -> None:
    good = add(replica, person)
    iam = deployment.client("iam")
    if fault == "unrecorded":
        bad = iam.create_access_key(UserName=person.subject)["AccessKey"]["AccessKeyId"]
    else:
        bad = add(replica, person)
    match fault:
        case "unreadable":
            set_key(bad, secret=b"of a KMS key that is gone")
        case "inactive":
            iam.update_access_key(UserName=person.subject, AccessKeyId=bad, Status="Inactive")
        case "deleted":
            set_key(bad, created=ago(minutes=1))
            iam.delete_access_key(UserName=person.subject, AccessKeyId=bad)
        case "expired":
            set_key(bad, expires=ago(seconds=1))

    new = add(replica, person)

    assert set(listed(replica, person)) == in_iam(deployment, person) == {good, new}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"label": ""}, "body.label: must be 1 to 64 printable characters"),
        ({"label": "a" * 65}, "body.label: must be 1 to 64 printable characters"),
        ({"label": "a\nb"}, "body.label: must be 1 to 64 printable characters"),
        ({"label": "‮abc"}, "body.label: must be 1 to 64 printable characters"),
        ({"label": " a"}, "body.label: must be 1 to 64 printable characters, with no space at an end"),
        ({"label": 7}, "body.label: "),
        ({"expires_days": 0}, "body.expires_days: Input should be greater than or equal to 1, received 0"),
        ({"expires_days": 3651}, "body.expires_days: Input should be less than or equal to 3650"),
        ({"expires_days": "30"}, "body.expires_days: Input should be a valid integer, received '30'"),
        ({"expires_days": True}, "body.expires_days: Input should be a valid integer"),
        ({"lable": "typo"}, "body.lable: Extra inputs are not permitted"),
        (["label"], "body: "),
    ],
)
def test_further_key_that_is_asked_for_wrongly_is_refused_by_field(
    replica: Replica, person: Person, body: object, told: str
) -> None:
    reply = person.call(replica, "POST", KEYS, body=body)

    assert reply.status_code == 422
    assert told in reply.json()["message"]
    assert listed(replica, person) == {}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", KEYS),
        ("POST", KEYS),
        ("POST", f"{KEYS}/AKIA0000000000000000/rotate"),
        ("PATCH", f"{KEYS}/AKIA0000000000000000"),
        ("DELETE", f"{KEYS}/AKIA0000000000000000"),
        ("POST", "/api/v3/sessions"),
    ],
)
def test_new_routes_want_a_token_and_no_subject(
    replica: Replica, person: Person, method: str, path: str
) -> None:
    nobody = httpx.request(method, f"{replica.url}{path}", timeout=PATIENCE_S)
    token = {"Authorization": f"Bearer {person.token}"}
    somebody = httpx.request(method, f"{replica.url}{path}", headers=token, timeout=PATIENCE_S)

    assert nobody.status_code == 401
    assert somebody.status_code in (200, 404, 422)


def test_rotated_key_works_beside_its_successor_until_it_ends(
    replica: Replica, person: Person, deployment: Deployment, set_key: Callable[..., None]
) -> None:
    old = person.get(replica, "POST", KEYS, {"label": "laptop", "expires_days": 90})

    new = person.get(replica, "POST", f"{KEYS}/{old['access_key']}/rotate", {"overlap_hours": 2})

    assert (new["label"], new["replaced"], new["fresh"]) == ("laptop", old["access_key"], True)
    assert timedelta(days=89) < datetime.fromisoformat(new["expires"]) - datetime.now(UTC)
    left = datetime.fromisoformat(new["replaced_expires"]) - datetime.now(UTC)
    assert timedelta(hours=1.9) < left <= timedelta(hours=2)
    found = listed(replica, person)
    assert list(found) == [new["access_key"], old["access_key"]]
    assert found[old["access_key"]]["expires"] == new["replaced_expires"]
    assert found[old["access_key"]]["replaced_by"] == new["access_key"]
    assert found[old["access_key"]]["state"] == "active"
    assert in_iam(deployment, person) == set(found)
    current = person.get(replica, "POST", "/api/v3/key")
    assert (current["access_key"], current["secret_key"]) == (new["access_key"], new["secret_key"])

    again = person.get(replica, "POST", f"{KEYS}/{new['access_key']}/rotate", {"overlap_hours": 2})
    assert again["status"] == "failure"
    assert f"{old['access_key']} (label 'laptop', ends {new['replaced_expires']})" in again["message"]
    assert new["access_key"] in again["message"]
    twice = person.get(replica, "POST", f"{KEYS}/{old['access_key']}/rotate", {"overlap_hours": 0})
    assert twice == {
        "status": "failure",
        "message": f"Key {old['access_key']} was rotated already: {new['access_key']} took its place, and it "
        f"works until {new['replaced_expires']}",
    }

    set_key(old["access_key"], expires=ago(seconds=1))
    third = person.get(replica, "POST", f"{KEYS}/{new['access_key']}/rotate")
    assert in_iam(deployment, person) == {new["access_key"], third["access_key"]}
    assert set(listed(replica, person)) == {new["access_key"], third["access_key"]}


def test_key_whose_successor_is_gone_is_rotated_again(replica: Replica, person: Person) -> None:
    old = add(replica, person)
    lost = person.get(replica, "POST", f"{KEYS}/{old}/rotate")["access_key"]
    person.get(replica, "DELETE", f"{KEYS}/{lost}")

    new = person.get(replica, "POST", f"{KEYS}/{old}/rotate")

    assert (new["replaced"], new["expires"]) == (old, None)
    assert listed(replica, person)[old]["replaced_by"] == new["access_key"]


def test_overlap_is_never_longer_than_the_key_would_have_lived(
    replica: Replica, person: Person, set_key: Callable[..., None]
) -> None:
    old = add(replica, person, expires_days=1)
    soon = (datetime.now(UTC) + timedelta(hours=3)).isoformat(timespec="seconds")
    set_key(old, expires=soon)

    new = person.get(replica, "POST", f"{KEYS}/{old}/rotate", {"overlap_hours": 168})

    assert new["replaced_expires"] == soon


@pytest.mark.parametrize("others", [0, 1])
def test_rotation_without_overlap_ends_the_old_key_at_once(
    replica: Replica, person: Person, deployment: Deployment, others: int
) -> None:
    old = add(replica, person)
    kept = {add(replica, person) for _ in range(others)}

    new = person.get(replica, "POST", f"{KEYS}/{old}/rotate", {"overlap_hours": 0})

    assert new["replaced_expires"] is None
    assert set(listed(replica, person)) == in_iam(deployment, person) == kept | {new["access_key"]}


def test_racing_rotations_of_one_key_make_one_successor(
    replicas: list[Replica], person: Person, deployment: Deployment
) -> None:
    old = add(replicas[0], person)

    with ThreadPoolExecutor(8) as threads:
        replies = list(
            threads.map(
                lambda number: person.get(replicas[number % 2], "POST", f"{KEYS}/{old}/rotate", {}), range(8)
            )
        )

    (new,) = [reply["access_key"] for reply in replies if reply["status"] == "success"]
    assert in_iam(deployment, person) == {old, new}


@pytest.mark.parametrize("hours", [-1, 169, 1.5, "2", None])
def test_rotation_with_a_wrong_overlap_is_refused(replica: Replica, person: Person, hours: object) -> None:
    key = add(replica, person)

    reply = person.call(replica, "POST", f"{KEYS}/{key}/rotate", body={"overlap_hours": hours})

    assert reply.status_code == 422
    assert "body.overlap_hours: " in reply.json()["message"]
    assert list(listed(replica, person)) == [key]


def test_key_of_somebody_else_is_as_unknown_as_one_that_is_not_there(
    replica: Replica, person: Person, new_people: Callable[[], Person], deployment: Deployment
) -> None:
    owner = new_people()
    theirs = add(replica, owner, label="precious")

    for access_key in (theirs, "AKIA0000000000000000"):
        path = f"{KEYS}/{access_key}"
        rotated = person.call(replica, "POST", f"{path}/rotate")
        relabelled = person.call(replica, "PATCH", path, body={"label": "mine"})
        deleted = person.get(replica, "DELETE", path)
        told = f"Key {access_key} not found for {person.subject}"
        assert (rotated.status_code, rotated.json()["message"]) == (404, told)
        assert (relabelled.status_code, relabelled.json()["message"]) == (404, told)
        assert deleted["message"] == f"Access key {access_key} not found for {person.subject}"

    assert listed(replica, owner)[theirs]["label"] == "precious"
    assert in_iam(deployment, owner) == {theirs}


@pytest.mark.parametrize("name", ["akia0000000000000000", "AKIA", "AKIA0000000000%2A000", "A" * 129])
def test_name_that_is_no_key_id_is_refused(replica: Replica, person: Person, name: str) -> None:
    reply = person.call(replica, "PATCH", f"{KEYS}/{name}", body={"label": "mine"})

    assert reply.status_code == 422
    assert "path.access_key: " in reply.json()["message"]


def test_deleting_one_key_twice_deletes_it_and_leaves_the_other(
    replica: Replica, person: Person, deployment: Deployment
) -> None:
    kept, gone = add(replica, person), add(replica, person)

    first = person.get(replica, "DELETE", f"{KEYS}/{gone}")
    second = person.get(replica, "DELETE", f"{KEYS}/{gone}")

    assert first["message"] == f"Access key {gone} deleted for {person.subject}"
    assert second["message"] == f"Access key {gone} not found for {person.subject}"
    assert set(listed(replica, person)) == in_iam(deployment, person) == {kept}


def test_label_is_what_lists_show(replica: Replica, person: Person) -> None:
    key = add(replica, person)

    done = person.get(replica, "PATCH", f"{KEYS}/{key}", {"label": "Čerenkov 7"})
    refused = person.call(replica, "PATCH", f"{KEYS}/{key}", body={"label": "tab\there"})
    missing = person.call(replica, "PATCH", f"{KEYS}/{key}", body={})

    assert done["message"] == f"Access key {key} labelled for {person.subject}"
    assert (refused.status_code, missing.status_code) == (422, 422)
    assert listed(replica, person)[key]["label"] == "Čerenkov 7"


def test_last_use_is_the_judges_word(replica: Replica, person: Person, deployment: Deployment) -> None:
    key = add(replica, person)
    deployment.client("dynamodb").put_item(
        TableName=deployment.settings.credentials_table,
        Item={"pk": {"S": f"USE#{key}"}, "sk": {"S": "USE"}, "last_used": {"S": "2026-11-22T05:08:40+00:00"}},
    )

    assert listed(replica, person)[key]["last_used"] == "2026-11-22T05:08:40+00:00"


def test_what_was_done_in_iam_by_hand_is_brought_to_the_record(
    replica: Replica, person: Person, deployment: Deployment, features: Features
) -> None:
    idle, other = add(replica, person), add(replica, person)
    iam = deployment.client("iam")

    def tend() -> dict[str, str]:
        features.keys.tend(person.subject, unused_after=None)
        return {name: key["state"] for name, key in listed(replica, person).items()}

    iam.update_access_key(UserName=person.subject, AccessKeyId=idle, Status="Inactive")
    assert tend() == {other: "active", idle: "inactive"}
    iam.update_access_key(UserName=person.subject, AccessKeyId=idle, Status="Active")
    assert tend() == {other: "active", idle: "active"}


def test_keys_of_a_suspended_account_are_left_as_they_are(
    replica: Replica, person: Person, deployment: Deployment, features: Features
) -> None:
    idle = add(replica, person)
    iam = deployment.client("iam")
    iam.update_access_key(UserName=person.subject, AccessKeyId=idle, Status="Inactive")
    features.suspensions.suspend(person.subject)
    iam.update_access_key(UserName=person.subject, AccessKeyId=idle, Status="Active")

    features.keys.tend(person.subject, unused_after=None)

    (kept,) = features.keys.recorded(person.subject)
    assert kept.state is KeyState.INACTIVE


def test_key_that_nobody_used_for_long_ends(
    replica: Replica,
    person: Person,
    deployment: Deployment,
    features: Features,
    set_key: Callable[..., None],
) -> None:
    def note(row: str, **moments: str) -> None:
        deployment.client("dynamodb").put_item(
            TableName=deployment.settings.credentials_table,
            Item={
                "pk": {"S": f"USE#{row}"},
                "sk": {"S": "USE"},
                **{name: {"S": moment} for name, moment in moments.items()},
            },
        )

    def left_after_tending() -> set[str]:
        features.keys.tend(person.subject, unused_after=timedelta(days=90))
        assert set(listed(replica, person)) == in_iam(deployment, person)
        return in_iam(deployment, person)

    used, unused = add(replica, person), add(replica, person)
    for key, days in ((used, 89), (unused, 91)):
        set_key(key, created=ago(days=100))
        note(key, last_used=ago(days=days))
    note("judge", since=ago(days=100), until=ago(minutes=1))
    assert left_after_tending() == {used, unused}, "nobody could use them before the account was active"
    deployment.client("dynamodb").update_item(
        TableName=deployment.settings.registry_table,
        Key={"pk": {"S": f"SUBJECT#{person.subject}"}, "sk": {"S": "ACCOUNT"}},
        UpdateExpression="SET since = :since",
        ExpressionAttributeValues={":since": {"S": ago(days=100)}},
    )

    assert left_after_tending() == {used}


def test_service_ends_expired_keys_by_itself(
    replica: Replica,
    person: Person,
    deployment: Deployment,
    set_key: Callable[..., None],
    service_environment: dict[str, str],
    tmp_path: Path,
) -> None:
    expired, deleted = add(replica, person), add(replica, person)
    set_key(expired, expires=ago(seconds=1))
    set_key(deleted, created=ago(minutes=1))
    deployment.client("iam").delete_access_key(UserName=person.subject, AccessKeyId=deleted)

    another = Replica(tmp_path / "log", service_environment)
    try:
        another.start()  # and begins with a round through all accounts
        await_that(lambda: not listed(replica, person))
    finally:
        another.stop()

    assert in_iam(deployment, person) == set()

"""What the service does not do, and what it answers then."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from octopus.accounts.store import AccountStore
from octopus.kafka.admin import TopicAdmin
from octopus.registry.leases import Leases
from tests.integration.service.deployment import Deployment
from tests.integration.service.replica import Person, Replica


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": ""}, 401),
        ({"Authorization": "Bearer " + "x" * 48}, 401),
        ({"Subject": ""}, 422),
        ({"Subject": "somebody"}, 422),
        ({"Subject": "b4e0d0c2-5b3c-4d4e-9a52-0f5d5b0c7d11"}, 403),
    ],
    ids=["no token", "unknown token", "empty subject", "no uuid", "other subject"],
)
def test_caller_who_is_not_proven_is_refused_in_one_shape(
    replica: Replica, person: Person, headers: dict[str, str], status: int
) -> None:
    reply = person.call(replica, "POST", "/api/v3/user", headers=headers)

    assert reply.status_code == status
    body = reply.json()
    assert list(body) == ["status", "error_code", "message"]
    assert (body["status"], body["error_code"]) == ("error", status)
    assert person.token not in reply.text


def test_topic_of_a_foreign_namespace_is_refused_and_stays(
    replica: Replica, person: Person, new_people: Callable[[], Person], kafka: TopicAdmin
) -> None:
    owner = new_people()
    owner.get(replica, "POST", "/api/v3/user")
    owner.get(replica, "POST", f"/api/v3/{owner.namespace}/precious")
    before = kafka.describe(f"{owner.namespace}.precious")
    person.get(replica, "POST", "/api/v3/user")

    path = f"/api/v3/{owner.namespace}/precious"
    for method, target in (("DELETE", path), ("POST", path), ("PUT", f"{path}/recreate")):
        reply = person.call(replica, method, target)
        assert reply.status_code == 403, method
        assert reply.json()["message"] == f"Namespace {owner.namespace} not found for {person.subject}"
        absent = person.call(replica, method, target.replace(owner.namespace, "ns-000000000000"))
        assert absent.status_code == 403, "the answer tells which namespaces exist"

    assert before is not None
    assert kafka.describe(f"{owner.namespace}.precious") == before


def test_namespace_of_another_subject_is_refused_before_anything_is_made(
    replica: Replica, person: Person, deployment: Deployment
) -> None:
    database = deployment.client("dynamodb")
    table = deployment.settings.registry_table
    with Leases(database, table).hold("account of the first") as lease:
        first = f"0f1e2d3c-4b5a-4697-8879-{person.namespace.removeprefix('ns-')}"
        AccountStore(database, table).claim(first, person.namespace, lease)

    created = person.get(replica, "POST", "/api/v3/user")
    key = person.get(replica, "POST", "/api/v3/key")

    taken = f"Failed to create namespace: Namespace already taken: {person.namespace}"
    assert created == {"status": "failure", "message": taken}
    assert key == {"status": "failure", "message": f"Failed to create user: {taken}"}
    users = deployment.client("iam").list_users(PathPrefix="/msk-users/")["Users"]
    assert person.subject not in {user["UserName"] for user in users}
    for name in (table, deployment.settings.credentials_table):
        assert not [item for item in deployment.items(name) if person.subject in str(item)]


@pytest.mark.parametrize(
    ("topic", "message"),
    [
        ("ab", "Name must be between 3 and 32 characters"),
        ("a" * 33, "Name must be between 3 and 32 characters"),
        ("a.b.c", "Name can only contain letters, numbers, dash, and underscore"),
        ("a%252Fb", "Name can only contain letters, numbers, dash, and underscore"),
        ("%C3%A9t%C3%A9", "Name can only contain letters, numbers, dash, and underscore"),
        ("abc-", "Name cannot start or end with hyphen or underscore"),
        ("abc_dead", "Name cannot end with _dead: such names are kept for dead letters"),
    ],
)
def test_bad_topic_name_is_a_failure_that_published_callers_read(
    replica: Replica, person: Person, topic: str, message: str
) -> None:
    person.get(replica, "POST", "/api/v3/user")

    for method, ending in (("POST", ""), ("DELETE", ""), ("PUT", "/recreate")):
        reply = person.get(replica, method, f"/api/v3/{person.namespace}/{topic}{ending}")
        assert reply == {"status": "failure", "message": message}


def test_name_with_an_encoded_slash_is_refused(replica: Replica, person: Person) -> None:
    reply = person.call(replica, "PUT", f"/api/v3/{person.namespace}/events%2Frecreate")

    assert reply.status_code == 422


def test_own_namespace_that_does_not_exist_yet_is_a_failure(replica: Replica, person: Person) -> None:
    reply = person.get(replica, "POST", f"/api/v3/{person.namespace}/events")

    assert reply == {
        "status": "failure",
        "message": f"Namespace {person.namespace} not found for {person.subject}",
    }


def test_recreating_a_topic_that_is_not_there_is_a_failure(replica: Replica, person: Person) -> None:
    person.get(replica, "POST", "/api/v3/user")

    reply = person.get(replica, "PUT", f"/api/v3/{person.namespace}/events/recreate")

    assert reply == {"status": "failure", "message": f"Topic events not found in {person.namespace}"}


def test_account_with_further_namespaces_is_not_deleted(
    replica: Replica, person: Person, deployment: Deployment
) -> None:
    person.get(replica, "POST", "/api/v3/user")
    row = {"pk": {"S": f"SUBJECT#{person.subject}"}, "sk": {"S": "ACCOUNT"}}
    deployment.client("dynamodb").update_item(
        TableName=deployment.settings.registry_table,
        Key=row,
        UpdateExpression="ADD namespaces :further",
        ExpressionAttributeValues={":further": {"SS": ["a-project"]}},
    )

    reply = person.get(replica, "DELETE", "/api/v3/user")

    assert reply == {
        "status": "failure",
        "message": (
            f"Cannot delete user {person.subject}: user has 1 additional namespace(s). "
            "Delete namespaces first."
        ),
    }

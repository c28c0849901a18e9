"""The eight published routes, as published clients call and read them."""

from __future__ import annotations

from tests.integration.service.deployment import Deployment
from tests.integration.service.replica import Person, Replica


def test_whole_life_of_an_account_answers_as_published(
    replica: Replica, person: Person, deployment: Deployment
) -> None:
    created = person.get(replica, "POST", "/api/v3/user")
    assert created == {
        "status": "success",
        "message": f"User {person.subject} created with namespace {person.namespace}",
        "subject": person.subject,
        "namespace": person.namespace,
    }
    assert person.get(replica, "POST", "/api/v3/user") == created

    key = person.get(replica, "POST", "/api/v3/key")
    published = ["status", "message", "access_key", "secret_key", "create_date", "endpoint", "fresh"]
    assert list(key) == [*published, "usable_after"]
    assert key["usable_after"] is None  # off MSK, at once
    assert key["message"] == f"Access key created for {person.subject}"
    assert key["fresh"] is True
    assert key["endpoint"] == deployment.settings.bootstrap_servers
    again = person.get(replica, "POST", "/api/v3/key")
    assert again == {**key, "message": f"Access key already exists for {person.subject}", "fresh": False}

    path = f"/api/v3/{person.namespace}/telemetry"
    topic = person.get(replica, "POST", path)
    assert topic == {
        "status": "success",
        "message": f"Topic telemetry created in {person.namespace}",
        "topics": ["telemetry"],
    }
    assert person.get(replica, "POST", path)["message"] == (
        f"Topic telemetry already exists in {person.namespace}"
    )
    assert person.get(replica, "GET", "/api/v3/namespace") == {
        "status": "success",
        "message": f"Found 1 namespaces for {person.subject}",
        "namespaces": {person.namespace: ["telemetry"]},
    }
    assert person.get(replica, "PUT", f"{path}/recreate") == {
        "status": "success",
        "message": "Topic recreated",
    }
    assert person.get(replica, "DELETE", path) == {
        "status": "success",
        "message": f"Topic telemetry deleted from {person.namespace}",
        "topics": [],
    }
    assert person.get(replica, "DELETE", path)["message"] == (
        f"Topic telemetry not found in {person.namespace}"
    )

    for _ in range(2):
        assert person.get(replica, "DELETE", "/api/v3/key") == {
            "status": "success",
            "message": f"Access key deleted for {person.subject}",
        }
    assert person.get(replica, "POST", "/api/v3/key")["fresh"] is True
    for _ in range(2):
        assert person.get(replica, "DELETE", "/api/v3/user") == {
            "status": "success",
            "message": f"User {person.subject} deleted",
        }
    assert person.get(replica, "GET", "/api/v3/namespace")["namespaces"] == {}

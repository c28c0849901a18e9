"""A dependency that is away: 503, nothing done, and said by the health route."""

from __future__ import annotations

import time

import httpx
import pytest

from octopus.kafka.admin import TopicAdmin
from octopus.status.models import Part
from octopus.status.store import StatusStore
from tests.integration.service.deployment import Deployment
from tests.integration.service.replica import Person, Replica, await_that
from tests.patience import PATIENCE_S

GATEWAY_WAITS_S = 25


def test_topics_are_neither_made_nor_deleted_while_kafka_is_away(
    replica: Replica, without_kafka: Replica, person: Person, deployment: Deployment
) -> None:
    person.get(replica, "POST", "/api/v3/user")
    person.get(replica, "POST", f"/api/v3/{person.namespace}/events")

    for method, path in (
        ("POST", f"/api/v3/{person.namespace}/others"),
        ("DELETE", f"/api/v3/{person.namespace}/events"),
        ("PUT", f"/api/v3/{person.namespace}/events/recreate"),
    ):
        started = time.monotonic()
        reply = person.call(without_kafka, method, path)
        assert time.monotonic() - started < GATEWAY_WAITS_S
        assert reply.status_code == 503, reply.text
        assert reply.json()["error_code"] == 503
        assert reply.headers["Retry-After"] == "1"

    namespaces = person.get(without_kafka, "GET", "/api/v3/namespace")["namespaces"]
    assert namespaces == {person.namespace: ["events"]}
    topics = [
        item["sk"]["S"]
        for item in deployment.items(deployment.settings.registry_table)
        if item["pk"]["S"] == f"NAMESPACE#{person.namespace}" and item["sk"]["S"].startswith("TOPIC#")
    ]
    assert topics == ["TOPIC#events"]
    assert person.get(without_kafka, "POST", "/api/v3/key")["status"] == "success"


def test_account_is_deleted_while_kafka_is_away_and_its_topics_once_it_is_back(
    replica: Replica, without_kafka: Replica, person: Person, kafka: TopicAdmin
) -> None:
    person.get(replica, "POST", "/api/v3/user")
    person.get(replica, "POST", f"/api/v3/{person.namespace}/events")

    assert person.get(without_kafka, "DELETE", "/api/v3/user")["status"] == "success"

    assert person.get(replica, "GET", "/api/v3/namespace")["namespaces"] == {}
    # Kafka is back when no replica is left that cannot reach it: such a one puts it off for half a minute.
    without_kafka.stop()
    try:
        await_that(lambda: kafka.list_topics(f"{person.namespace}.") == {})
    finally:
        without_kafka.start()


def test_account_whose_creation_was_cut_short_is_completed_by_the_next_call(
    replica: Replica, without_kafka: Replica, person: Person
) -> None:
    assert person.call(without_kafka, "POST", "/api/v3/key").status_code == 503
    assert person.get(replica, "GET", "/api/v3/namespace")["namespaces"] == {}

    assert person.get(replica, "POST", "/api/v3/key")["fresh"] is True

    assert person.get(replica, "GET", "/api/v3/namespace")["namespaces"] == {person.namespace: []}


def test_readiness_says_which_dependency_is_away(replica: Replica, without_kafka: Replica) -> None:
    here = httpx.get(f"{replica.url}/health/ready", timeout=PATIENCE_S)
    away = httpx.get(f"{without_kafka.url}/health/ready", timeout=PATIENCE_S)

    assert (here.status_code, here.json()["status"]) == (200, "ok")
    assert here.json()["checks"] == {"kafka": True, "dynamodb": True, "iam": True, "globus": True}
    assert (away.status_code, away.json()["status"]) == (503, "unavailable")
    assert away.json()["checks"] == {"kafka": False, "dynamodb": True, "iam": True, "globus": True}


def test_every_replica_tells_anybody_what_works(
    replica: Replica, without_kafka: Replica, deployment: Deployment
) -> None:
    store = StatusStore(deployment.client("dynamodb"), deployment.settings.registry_table)
    for part in Part:
        store.tell(part, works=part is not Part.HTTPS)

    for asked in (replica, without_kafka):
        reply = httpx.get(f"{asked.url}/api/v3/status", timeout=PATIENCE_S)
        assert (reply.status_code, reply.headers["Access-Control-Allow-Origin"]) == (200, "*")
        told = reply.json()
        assert (told["overall"], told["message"]) == ("degraded", "Does not work: https")
        assert {part["part"]: part["works"] for part in told["parts"]} == {
            part: part is not Part.HTTPS for part in Part
        }


@pytest.mark.parametrize("address", ["127.0.0.1", "[::1]"])
def test_service_listens_on_both_addresses_of_localhost(replica: Replica, address: str) -> None:
    reply = httpx.get(f"http://{address}:{replica.port}/health/live")

    assert reply.json() == {"status": "ok"}
    assert "Server" not in reply.headers

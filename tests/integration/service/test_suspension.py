"""What a suspended user meets: at every route, and at the brokers."""

from __future__ import annotations

import uuid

import httpx
import pytest
from botocore.credentials import Credentials
from confluent_kafka import KafkaError, KafkaException, Producer

from octopus.kafka.client import client_settings
from octopus.web.assembly import Features
from tests.integration.broker.node import Node
from tests.integration.service.replica import Person, Replica, await_that
from tests.patience import PATIENCE_S

VALUES = {"topic": "events", "access_key": "AKIA" + "X" * 16, "name": "beamline-7", "grant_id": "read"}


@pytest.fixture
def suspended(replica: Replica, person: Person, features: Features) -> Person:
    """Somebody with a topic whose account is suspended."""
    person.get(replica, "POST", "/api/v3/user")
    person.get(replica, "POST", f"/api/v3/{person.namespace}/events")
    features.suspensions.suspend(person.subject, reason="under inquiry")
    return person


def test_every_route_refuses_and_says_why(replicas: list[Replica], suspended: Person) -> None:
    described = httpx.get(f"{replicas[0].url}/openapi.json", timeout=PATIENCE_S).json()["paths"]
    routes = [
        (method.upper(), path.format(namespace=suspended.namespace, **VALUES))
        for path, methods in described.items()
        for method, described_as in methods.items()
        if path.startswith("/api/") and described_as.get("security")
    ]
    assert len(routes) > 8
    for method, path in routes:
        for replica in replicas:
            reply = suspended.call(replica, method, path, body={} if method in ("POST", "PATCH") else None)
            assert reply.status_code == 403, f"{method} {path}: {reply.text}"
            message = reply.json()["message"]
            assert message.startswith(f"User {suspended.subject} is suspended since ")
            assert message.endswith("(under inquiry): ask the fabric's operator")


def test_health_is_answered_still(replica: Replica, suspended: Person) -> None:
    assert suspended.call(replica, "GET", "/health/live").status_code == 200


def test_connected_client_is_refused_and_served_again_after_it(
    replica: Replica, person: Person, features: Features, broker: Node
) -> None:
    key = person.get(replica, "POST", "/api/v3/key")
    person.get(replica, "POST", f"/api/v3/{person.namespace}/events")
    settings = client_settings(
        bootstrap_servers=broker.bootstrap_servers,
        ca_file=broker.ca_file,
        credentials=Credentials(key["access_key"], key["secret_key"]),
    )
    producer = Producer({**settings, "message.timeout.ms": 4000})

    def write() -> KafkaError | None:
        outcomes: list[KafkaError | None] = []
        try:
            producer.produce(
                f"{person.namespace}.events", b"x", on_delivery=lambda error, _message: outcomes.append(error)
            )
        except KafkaException as refused:
            return refused.args[0]  # type: ignore[no-any-return]
        producer.flush(PATIENCE_S)
        return outcomes[0]

    assert write() is None

    features.suspensions.suspend(person.subject)
    await_that(lambda: write() is not None)
    features.suspensions.resume(person.subject)

    await_that(lambda: write() is None)
    assert person.get(replica, "POST", "/api/v3/key")["access_key"] == key["access_key"]


def test_nobody_else_is_touched(replica: Replica, suspended: Person, features: Features) -> None:
    other = str(uuid.uuid4())
    features.accounts.create(other)
    assert features.accounts.namespaces(other) == {f"ns-{other[-12:]}": []}
    features.accounts.require_not_suspended(other)

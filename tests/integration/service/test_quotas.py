"""Limits on a real broker and over HTTPS: who is over one is slowed down or refused, and nobody else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.credentials import Credentials
from confluent_kafka import Producer

from octopus.kafka.client import client_settings
from octopus.quotas.models import Holder, Limit
from octopus.quotas.rates import NO_LIMIT, PLATFORM
from octopus.web.assembly import Features
from tests.integration.broker.node import Node
from tests.integration.service.replica import Person, Replica, await_that
from tests.patience import PATIENCE_S

RATE = 200_000
"""Bytes a second; Kafka lets ten seconds' worth through at once."""

ProducerOf = Callable[..., Producer]


@pytest.fixture
def producer_of(replica: Replica, broker: Node) -> ProducerOf:
    """Makes a producer of a person."""

    def make(person: Person, **settings: Any) -> Producer:
        key = person.get(replica, "POST", "/api/v3/key")
        signed = client_settings(
            bootstrap_servers=broker.bootstrap_servers,
            ca_file=broker.ca_file,
            credentials=Credentials(key["access_key"], key["secret_key"]),
        )
        return Producer({**signed, **settings})

    return make


def do(features: Features, job: str) -> None:
    """What the background does from time to time, now."""
    (found,) = [one for one in features.jobs if one.name == job]
    found.run()


def test_broker_slows_down_whoever_is_over_his_rate_and_nobody_else(
    features: Features, replica: Replica, new_people: Callable[[], Person], producer_of: ProducerOf
) -> None:
    noisy, quiet = new_people(), new_people()
    features.quotas.set(Holder(noisy.subject, False), {Limit.PRODUCE_BYTES: RATE})
    do(features, "client quotas")
    throttled: dict[Person, float] = {}

    for person in (noisy, quiet):
        times: list[float] = []
        told = {"throttle_cb": lambda event, times=times: times.append(event.throttle_time)}
        producer = producer_of(person, **told, **{"batch.size": 100_000})
        person.get(replica, "POST", f"/api/v3/{person.namespace}/events")
        for _ in range(13 * RATE // 10_000):
            producer.produce(f"{person.namespace}.events", b"x" * 10_000)
        assert producer.flush(PATIENCE_S) == 0
        throttled[person] = sum(times)

    assert throttled[noisy] > 0
    assert throttled[quiet] == 0


def test_rate_is_gone_from_the_brokers_with_whom_it_was_set_for(features: Features, person: Person) -> None:
    features.quotas.set(Holder(person.subject, False), {Limit.CONSUME_BYTES: RATE})
    do(features, "client quotas")
    await_that(lambda: features.quotas_of_kafka.held().get(person.subject) == {"consumer_byte_rate": RATE})

    features.quotas.set(Holder(person.subject, False), {Limit.CONSUME_BYTES: None})
    do(features, "client quotas")

    await_that(lambda: person.subject not in features.quotas_of_kafka.held())


def test_running_service_has_exempted_the_platform(features: Features) -> None:
    def exempt() -> bool:
        held = features.quotas_of_kafka.held()
        return all(set(held.get(name, {"none": 0.0}).values()) == {NO_LIMIT} for name in PLATFORM)

    await_that(exempt)


def test_quota_shows_limits_and_what_is_in_use(
    replica: Replica, features: Features, person: Person, producer_of: ProducerOf
) -> None:
    producer = producer_of(person, **{"transactional.id": f"{person.namespace}.writer"})
    producer.init_transactions(30)
    person.get(replica, "POST", f"/api/v3/{person.namespace}/events")
    features.quotas.set(Holder(person.subject, False), {Limit.TOPICS: 7})

    def show() -> Any:
        return person.get(replica, "GET", "/api/v3/quota")["quotas"]

    await_that(lambda: bool(show()["transactional_ids"]["in_use"]))  # may be of some seconds ago

    shown = show()
    assert shown["topics"] == {"limit": 7, "in_use": 1, "source": "operator"}
    assert shown["partitions"] == {"limit": 1000, "in_use": 1, "source": "fabric"}
    assert shown["groups"]["in_use"] == 0
    assert shown["transactional_ids"]["in_use"] == 1
    assert shown["produce_bytes"] == {"limit": 0, "in_use": None, "source": "fabric"}


def test_topic_over_the_limit_is_refused_and_not_made(
    replica: Replica, features: Features, person: Person
) -> None:
    person.get(replica, "POST", "/api/v3/user")
    features.quotas.set(Holder(person.subject, False), {Limit.TOPICS: 1})
    person.get(replica, "POST", f"/api/v3/{person.namespace}/first")

    refused = person.call(replica, "POST", f"/api/v3/{person.namespace}/second")

    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert "topics: 1 of at most 1 are in use, and 1 more was asked for" in refused.json()["message"]
    assert features.kafka.describe(f"{person.namespace}.second") is None
    # What there is may be asked for again.
    person.get(replica, "POST", f"/api/v3/{person.namespace}/first")


def test_requests_over_the_rate_are_refused_until_a_second_has_passed(
    replica: Replica, features: Features, new_people: Callable[[], Person]
) -> None:
    hasty, patient = new_people(), new_people()
    features.quotas.set(Holder(hasty.subject, False), {Limit.REQUESTS: 2})

    def statuses(person: Person) -> list[int]:
        return [person.call(replica, "GET", "/api/v3/namespace").status_code for _ in range(6)]

    assert 429 in statuses(hasty)
    assert statuses(patient) == [200] * 6
    await_that(lambda: hasty.call(replica, "GET", "/api/v3/namespace").status_code == 200)


def test_whoever_has_too_many_transactional_ids_gets_no_further_key_and_no_session(
    replica: Replica, features: Features, person: Person, producer_of: ProducerOf
) -> None:
    producer_of(person, **{"transactional.id": f"{person.namespace}.writer"}).init_transactions(30)
    features.quotas.set(Holder(person.subject, False), {Limit.TRANSACTIONAL_IDS: 0})
    do(features, "count at Kafka")
    session = {"topics": [f"{person.namespace}.*"], "actions": ["read"]}

    for path, body in (("/api/v3/keys", {}), ("/api/v3/sessions", session)):
        refused = person.call(replica, "POST", path, body=body)
        assert refused.status_code == 429, refused.text
        assert "transactional_ids: 1 of at most 0 are in use" in refused.json()["message"]
    # The key that he has is given to him again.
    person.get(replica, "POST", "/api/v3/key")

"""Public topics over HTTPS: read by anybody, and nothing else told to anybody."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from botocore.credentials import Credentials
from confluent_kafka import Producer

from octopus.kafka.client import client_settings
from tests.integration.broker.node import Node
from tests.integration.service.replica import Person, Replica
from tests.patience import PATIENCE_S


@pytest.fixture
def producer_of(replica: Replica, broker: Node) -> Callable[..., Producer]:
    """Makes producers with a person's key."""

    def make(person: Person, **further: object) -> Producer:
        key = person.get(replica, "POST", "/api/v3/key")
        settings = client_settings(
            bootstrap_servers=broker.bootstrap_servers,
            ca_file=broker.ca_file,
            credentials=Credentials(key["access_key"], key["secret_key"]),
        )
        return Producer({**settings, **further})

    return make


@pytest.fixture
def open_topic(replica: Replica, person: Person) -> str:
    """A public topic of two partitions."""
    person.get(replica, "POST", "/api/v3/user")
    person.get(replica, "POST", f"/api/v3/{person.namespace}/open", {"partitions": 2})
    person.get(replica, "PATCH", f"/api/v3/{person.namespace}/open", {"public": True})
    return "open"


def read(replica: Replica, namespace: str, topic: str, **asked: object) -> httpx.Response:
    path = f"/api/v3/public/{namespace}/{topic}/records"
    return httpx.get(
        f"{replica.url}{path}", params={name: str(value) for name, value in asked.items()}, timeout=PATIENCE_S
    )


def values(answer: dict[str, Any]) -> list[bytes]:
    return [base64.b64decode(record["value"]) for record in answer["records"]]


def test_records_of_a_public_topic_are_read_without_a_token(
    replica: Replica, person: Person, open_topic: str, producer_of: Callable[..., Producer]
) -> None:
    producer = producer_of(person)
    name = f"{person.namespace}.{open_topic}"
    headers: list[tuple[str, str | bytes | None]] = [
        ("unit", b"celsius"),
        ("unit", None),
        ("raw", b"\xff\x00"),
    ]
    producer.produce(name, b"first", key=b"\x00k", partition=1, timestamp=1_700_000_000_000, headers=headers)
    for number in range(2, 6):
        producer.produce(name, f"record {number}".encode(), partition=1)
    producer.produce(name, None, key=b"gone", partition=1)
    producer.flush(PATIENCE_S)

    reply = read(replica, person.namespace, open_topic, partition=1, limit=2)
    answer = reply.json()
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert (answer["earliest"], answer["latest"], answer["next_offset"]) == (0, 6, 2)
    assert answer["records"][0] == {
        "offset": 0,
        "timestamp": 1_700_000_000_000,
        "key": base64.b64encode(b"\x00k").decode(),
        "value": base64.b64encode(b"first").decode(),
        "headers": [
            {"name": "unit", "value": base64.b64encode(b"celsius").decode()},
            {"name": "unit", "value": None},
            {"name": "raw", "value": base64.b64encode(b"\xff\x00").decode()},
        ],
        "left_out": None,
    }

    rest = read(replica, person.namespace, open_topic, partition=1, offset=answer["next_offset"]).json()
    assert [record["offset"] for record in rest["records"]] == [2, 3, 4, 5]
    assert rest["records"][-1]["value"] is None
    assert rest["next_offset"] == 6
    for beyond in ("latest", 6, 1000):
        at_the_end = read(replica, person.namespace, open_topic, partition=1, offset=beyond).json()
        assert (at_the_end["records"], at_the_end["next_offset"]) == ([], 6)
    assert read(replica, person.namespace, open_topic, partition=0).json()["records"] == []


def test_answer_is_bounded_in_bytes_and_goes_on_after_them(
    replica: Replica, person: Person, open_topic: str, producer_of: Callable[..., Producer]
) -> None:
    producer = producer_of(person)
    for number in range(5):
        producer.produce(f"{person.namespace}.{open_topic}", bytes([number]) * 400_000, partition=0)
    producer.flush(PATIENCE_S)
    read_back, offset = [], 0
    while offset < 5:
        answer = read(replica, person.namespace, open_topic, offset=offset).json()
        assert 1 <= len(answer["records"]) <= 2
        read_back += values(answer)
        offset = answer["next_offset"]
    assert [len(value) for value in read_back] == [400_000] * 5
    assert [value[0] for value in read_back] == [0, 1, 2, 3, 4]


def test_records_of_a_transaction_are_read_once_it_is_committed_and_never_when_aborted(
    replica: Replica, person: Person, open_topic: str, producer_of: Callable[..., Producer]
) -> None:
    name = f"{person.namespace}.{open_topic}"
    producer = producer_of(person, **{"transactional.id": f"{person.namespace}.writer"})
    producer.init_transactions(20)
    for value, commit in ((b"kept", True), (b"dropped", False)):
        producer.begin_transaction()
        producer.produce(name, value, partition=0)
        producer.flush(PATIENCE_S)
        (producer.commit_transaction if commit else producer.abort_transaction)(20)
    answer = read(replica, person.namespace, open_topic).json()
    assert values(answer) == [b"kept"]
    # Behind the last mark of a transaction: whoever goes on from there does not meet it again.
    assert answer["next_offset"] == answer["latest"] == 4


def test_whatever_is_not_public_gets_one_and_the_same_answer(
    replica: Replica, person: Person, open_topic: str
) -> None:
    person.get(replica, "POST", f"/api/v3/{person.namespace}/closed")
    assert read(replica, person.namespace, open_topic).status_code == 200
    person.get(replica, "PATCH", f"/api/v3/{person.namespace}/{open_topic}", {"public": False})
    answers = {
        (reply.status_code, reply.text)
        for reply in (
            read(replica, person.namespace, open_topic),
            read(replica, person.namespace, "closed"),
            read(replica, person.namespace, "closed", partition=7),
            read(replica, person.namespace, "never-was"),
            read(replica, "nobody", "never-was"),
            read(replica, person.namespace, "%2e%2e"),
            read(replica, "octopus", "audit"),
            httpx.get(f"{replica.url}/api/v3/public/"),
        )
    }
    assert answers == {(404, '{"status":"error","error_code":404,"message":"Not Found"}')}


def test_what_is_malformed_is_named_and_no_such_partition_is_told(
    replica: Replica, person: Person, open_topic: str
) -> None:
    for asked in (
        {"offset": "-1"},
        {"offset": "soon"},
        {"limit": "0"},
        {"limit": "501"},
        {"partition": "-1"},
    ):
        reply = read(replica, person.namespace, open_topic, **asked)
        assert reply.status_code == 422
        assert next(iter(asked)) in reply.json()["message"]
    reply = read(replica, person.namespace, open_topic, partition=2)
    assert (reply.status_code, "has no partition 2" in reply.text) == (422, True)


def test_topic_made_anew_shows_another_topic_id(replica: Replica, person: Person, open_topic: str) -> None:
    before = read(replica, person.namespace, open_topic).json()["topic_id"]
    person.get(replica, "PUT", f"/api/v3/{person.namespace}/{open_topic}/recreate")
    assert read(replica, person.namespace, open_topic).json()["topic_id"] not in (before, None)

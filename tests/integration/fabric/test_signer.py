"""AWS's own signer with librdkafka: what is let in, and what is not."""

from __future__ import annotations

import datetime
import time
import uuid
from collections.abc import Callable
from typing import Any

import botocore.auth
import pytest
from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
from botocore.credentials import CredentialProvider, Credentials
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient

from octopus.fabric.supervision import wait_until
from tests.integration.fabric.conftest import RunningFabric
from tests.integration.fabric.kafka import person
from tests.patience import PATIENCE_S, next_message, patiently

SECONDS = PATIENCE_S


@pytest.fixture(scope="module")
def alice(fabric: RunningFabric) -> dict[str, Any]:
    """Alice's topic and her key."""
    return _person(fabric, "signer-alice")


@pytest.fixture(scope="module")
def mallory(fabric: RunningFabric) -> dict[str, Any]:
    """Another person, with a key and a topic of her own."""
    return _person(fabric, "signer-mallory")


def _person(fabric: RunningFabric, name: str) -> dict[str, Any]:
    settings, namespace = person(fabric, name)
    fabric.session(name).call("POST", f"{namespace}/readings")
    key = fabric.session(name).call("POST", "key")
    return {"settings": settings, "topic": f"{namespace}.readings", "namespace": namespace, "key": key}


def _with_token(person: dict[str, Any], token: Callable[[], tuple[str, float]]) -> dict[str, Any]:
    return {**person["settings"], "oauth_cb": lambda _config: token()}


def _sign(key_id: str, secret: str) -> tuple[str, float]:
    class Fixed(CredentialProvider):
        def load(self) -> Credentials:
            return Credentials(key_id, secret)

    token, expires_ms = MSKAuthTokenProvider.generate_auth_token_from_credentials_provider(
        "us-east-1", Fixed()
    )
    return token, expires_ms / 1000


def _refusal(settings: dict[str, Any]) -> KafkaError:
    """The error that the broker lets the client know; nothing else may come of the connection."""
    refusals: list[KafkaError] = []

    def note(error: KafkaError) -> None:
        if error.code() == KafkaError._AUTHENTICATION:
            refusals.append(error)

    client = Producer({**settings, "error_cb": note, "log_level": 0})
    wait_until(lambda: client.poll(0.1) is not None and refusals, seconds=SECONDS, what="The refusal")
    return refusals[0]


def _produce(settings: dict[str, Any], topic: str, values: list[bytes]) -> list[KafkaError | None]:
    outcomes: list[KafkaError | None] = []
    producer = Producer({**settings, "acks": "all", "message.timeout.ms": int(SECONDS * 1000)})
    for value in values:
        producer.produce(topic, value, on_delivery=lambda error, _message: outcomes.append(error))
    assert producer.flush(SECONDS * 2) == 0
    return outcomes


def _consume(settings: dict[str, Any], topic: str, group: str, count: int) -> list[bytes]:
    consumer = Consumer({**settings, "group.id": group, "auto.offset.reset": "earliest"})
    try:
        consumer.subscribe([topic])
        values: list[bytes] = []
        while len(values) < count:
            message = next_message(consumer)
            if message.error():
                raise KafkaException(message.error())
            value = message.value()
            assert value is not None
            values.append(value)
        return values
    finally:
        consumer.close()


def test_signer_round_trip_delivers_in_order(alice: dict[str, Any]) -> None:
    sent = [uuid.uuid4().bytes for _ in range(1000)]
    assert _produce(alice["settings"], alice["topic"], sent) == [None] * 1000
    received = _consume(alice["settings"], alice["topic"], f"{alice['namespace']}.readers", 1000)
    assert received == sent


def test_signer_foreign_topic_is_not_written(alice: dict[str, Any], mallory: dict[str, Any]) -> None:
    (error,) = _produce(mallory["settings"], alice["topic"], [b"forged"])
    assert error is not None
    assert error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_signer_foreign_topic_is_not_read(alice: dict[str, Any], mallory: dict[str, Any]) -> None:
    with pytest.raises(KafkaException) as raised:
        _consume(mallory["settings"], alice["topic"], f"{mallory['namespace']}.readers", 1)
    assert raised.value.args[0].code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_signer_foreign_topics_are_not_listed(alice: dict[str, Any], mallory: dict[str, Any]) -> None:
    admin = AdminClient(mallory["settings"])
    topics = patiently(lambda: admin.list_topics(timeout=SECONDS)).topics
    assert mallory["topic"] in topics
    assert alice["topic"] not in topics


def test_signer_group_outside_the_namespace_is_refused(alice: dict[str, Any]) -> None:
    with pytest.raises(KafkaException) as raised:
        _consume(alice["settings"], alice["topic"], "readers", 1)
    assert raised.value.args[0].code() == KafkaError.GROUP_AUTHORIZATION_FAILED


def test_signer_wrong_secret_is_refused(alice: dict[str, Any]) -> None:
    wrong = alice["key"]["secret_key"][::-1]
    error = _refusal(_with_token(alice, lambda: _sign(alice["key"]["access_key"], wrong)))
    assert wrong not in error.str()


def test_signer_unknown_key_is_refused(alice: dict[str, Any]) -> None:
    _refusal(_with_token(alice, lambda: _sign("AKIA0000000000000000", alice["key"]["secret_key"])))


def test_signer_expired_token_is_refused(alice: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    an_hour_ago = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: an_hour_ago)
    token, _ = _sign(alice["key"]["access_key"], alice["key"]["secret_key"])
    monkeypatch.undo()
    # librdkafka itself drops a token whose end has passed: a later end is named, so that the broker judges.
    _refusal(_with_token(alice, lambda: (token, time.time() + 3600)))


def test_signer_altered_token_is_refused(alice: dict[str, Any]) -> None:
    token, expires = _sign(alice["key"]["access_key"], alice["key"]["secret_key"])
    middle = len(token) // 2
    altered = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]
    _refusal(_with_token(alice, lambda: (altered, expires)))

"""Who gets in, with which token, and what happens while nobody can tell."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from confluent_kafka import KafkaError, KafkaException

from tests.integration.broker.conftest import MECHANISMS, Tenant, serving
from tests.integration.broker.judge_double import JudgeDouble, until
from tests.integration.broker.wire import Connection
from tests.patience import PATIENCE_S


def test_unknown_key_is_refused(tenant: Tenant, judge: JudgeDouble) -> None:
    del judge.keys[tenant.key.access_key_id]
    errors: list[KafkaError] = []
    admin = tenant.admin(error_cb=errors.append)
    until(lambda: admin.poll(0.1) or errors, within_s=PATIENCE_S)
    assert KafkaError._AUTHENTICATION in {error.code() for error in errors}


@pytest.mark.parametrize(
    "token",
    [
        "not a token",
        base64.urlsafe_b64encode(b"https://kafka.us-east-1.amazonaws.com/?Action=nothing").decode(),
        "A" * 9000,
    ],
)
def test_what_cannot_be_a_token_is_refused_without_the_judge(
    tenant: Tenant, judge: JudgeDouble, token: str
) -> None:
    asked = len(judge.verified)
    with Connection(tenant.node) as connection:
        assert connection.authenticate(token) != b""
    assert len(judge.verified) == asked


def test_token_that_was_denied_is_denied_again_without_the_judge(tenant: Tenant, judge: JudgeDouble) -> None:
    token = tenant.token()
    tenant.key.active = False
    for _ in range(3):
        with Connection(tenant.node) as connection:
            assert connection.authenticate(token) != b""
    assert judge.verified.count(tenant.key.access_key_id) == 1


def test_without_the_judge_new_connections_fail_and_held_policies_serve(
    tenant: Tenant, judge: JudgeDouble
) -> None:
    with Connection(tenant.node) as held:
        assert held.authenticate(tenant.token()) == b""
        judge.away = True
        with Connection(tenant.node) as new, pytest.raises(ConnectionError):
            # Closed without a verdict, which a client takes as a reason to try again.
            new.authenticate(tenant.token())
        assert held.fetch(tenant.topic("events"), max_wait_ms=0) == 0
        judge.away = False
        until(lambda: _lets_in(tenant), within_s=PATIENCE_S)


def test_connection_stays_usable_beyond_its_authentication(tenant: Tenant, judge: JudgeDouble) -> None:
    """librdkafka authenticates again in place; a broken connection would be seen as an error."""
    errors: list[KafkaError] = []
    producer = tenant.producer(error_cb=errors.append)

    def sent_and_authenticated_thrice() -> bool:
        producer.produce(tenant.topic("events"), b"one")
        assert producer.flush(PATIENCE_S) == 0
        return judge.verified.count(tenant.key.access_key_id) >= connections_before + 3

    producer.produce(tenant.topic("events"), b"one")
    assert producer.flush(PATIENCE_S) == 0
    connections_before = judge.verified.count(tenant.key.access_key_id)
    until(sent_and_authenticated_thrice, within_s=PATIENCE_S)
    assert errors == []


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_connection_that_does_not_authenticate_again_is_closed(tenant: Tenant, mechanism: str) -> None:
    with Connection(tenant.node) as connection:
        tenant.authenticate(connection, mechanism)

        def closed() -> bool:
            try:
                return connection.fetch(tenant.topic("events"), max_wait_ms=200) < 0
            except ConnectionError:
                return True

        until(closed, within_s=PATIENCE_S)


def test_signed_request_of_javas_client_is_accepted_and_answered_with_its_id(tenant: Tenant) -> None:
    with Connection(tenant.node) as connection:
        answer = json.loads(connection.authenticate_as_java(tenant.signed_request()))
        assert connection.fetch(tenant.topic("events"), max_wait_ms=0) == 0
    assert answer["version"] == "2020_10_22"
    assert uuid.UUID(answer["request-id"])
    lines = until(lambda: tenant.audited(outcome="allow"), within_s=PATIENCE_S)
    assert "kafka-cluster:Connect" in {line["action"] for line in lines}


def test_request_signed_for_another_host_is_refused(tenant: Tenant) -> None:
    with Connection(tenant.node) as connection, pytest.raises(PermissionError, match="Access denied"):
        connection.authenticate_as_java(tenant.signed_request(host="broker.example.org"))
    (line,) = until(lambda: tenant.audited(outcome="deny"), within_s=PATIENCE_S)
    assert (line["principal"], line["reason"]) == ("", "signed for another host")


@pytest.mark.parametrize("text", ["", "{}", "[]", "not json", '{"a": "1", "a": "2"}', "[" * 9000])
def test_what_cannot_be_a_signed_request_is_refused_without_the_judge(
    tenant: Tenant, judge: JudgeDouble, text: str
) -> None:
    asked = len(judge.verified)
    with Connection(tenant.node) as connection, pytest.raises(PermissionError, match="Access denied"):
        connection.authenticate_as_java(text)
    assert len(judge.verified) == asked


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_connection_authenticates_again_in_place_with_another_key(
    tenant: Tenant, judge: JudgeDouble, mechanism: str
) -> None:
    other = replace(tenant, key=replace(tenant.key, access_key_id=tenant.key.access_key_id[::-1]))
    judge.keys[other.key.access_key_id] = other.key
    with Connection(tenant.node) as connection:
        tenant.authenticate(connection, mechanism)
        assert connection.fetch(tenant.topic("events"), max_wait_ms=0) == 0
        other.authenticate(connection, mechanism)
        tenant.key.active = False
        assert connection.fetch(tenant.topic("events"), max_wait_ms=0) == 0
    assert judge.verified[-2:] == [tenant.key.access_key_id, other.key.access_key_id]


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_other_principal_cannot_take_a_connection_over(
    new_tenant: Callable[[], Tenant], mechanism: str
) -> None:
    tenant, other = new_tenant(), new_tenant()
    with Connection(tenant.node) as connection:
        tenant.authenticate(connection, mechanism)
        with pytest.raises((PermissionError, ConnectionError)):
            other.authenticate(connection, mechanism)
        with pytest.raises(ConnectionError):
            connection.fetch(other.topic("events"), max_wait_ms=0)


def test_listener_without_the_gate_serves_nobody_and_the_log_names_the_missing_line(
    tenant: Tenant, judge: JudgeDouble, tmp_path: Path
) -> None:
    line = "listener.name.client.ssl.engine.factory.class"
    kafkas_own = "org.apache.kafka.common.security.ssl.DefaultSslEngineFactory"
    with (
        contextmanager(serving)(tmp_path, judge, {line: kafkas_own}) as ungated,
        Connection(ungated) as connection,
    ):
        assert connection.authenticate(tenant.token()) == b""
        with pytest.raises(ConnectionError):
            connection.fetch(tenant.topic("events"), max_wait_ms=0)
        missing = f"{line}=org.octopus.broker.GatedSslEngineFactory"
        until(lambda: missing in ungated.log_file.read_text(), within_s=PATIENCE_S)


def test_audit_never_holds_a_token(tenant: Tenant) -> None:
    token = tenant.token()
    with Connection(tenant.node) as connection:
        connection.authenticate(token)
    until(lambda: tenant.audited(outcome="allow"), within_s=PATIENCE_S)
    with Connection(tenant.node) as connection:
        connection.authenticate_as_java(tenant.signed_request())
    written = tenant.node.audit_file.read_text() + tenant.node.log_file.read_text()
    assert token not in written
    assert "x-amz-signature" not in written.lower()


def _lets_in(tenant: Tenant) -> bool:
    try:
        with Connection(tenant.node) as connection:
            return connection.authenticate(tenant.token()) == b""
    except (ConnectionError, KafkaException):
        return False

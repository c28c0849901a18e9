"""What decides: an explicit deny, a session's own policy, and who sends, whatever way a request takes."""

from __future__ import annotations

import json
import socket
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botocore.credentials import Credentials

from octopus.accounts.principal import IamPrincipals
from octopus.credentials.store import CredentialStore
from octopus.iam.holdings import DataRight, Level, own
from tests.integration.broker.node import arn
from tests.integration.enforcement.codec import Body
from tests.integration.enforcement.fabric import Fabric, Principal
from tests.integration.enforcement.questions import Questions
from tests.integration.service.replica import await_that

TOPIC = "TOPIC_AUTHORIZATION_FAILED"
TRANSACTIONAL_ID = "TRANSACTIONAL_ID_AUTHORIZATION_FAILED"


def _read(topic: str) -> tuple[str, Body, int]:
    partition = {"partition": 0, "partitionMaxBytes": 1000}
    return "FETCH", {"topics": [{"topic": topic, "partitions": [partition]}]}, 12


def _write(topic: str) -> tuple[str, Body, int]:
    partition = {"index": 0, "records": {"values": ["one"]}}
    body = {"acks": -1, "timeoutMs": 10000, "topicData": [{"name": topic, "partitionData": [partition]}]}
    return "PRODUCE", body, 12


def _heard(fabric: Fabric, principal: Principal, asked: tuple[str, Body, int]) -> set[str]:
    request, body, version = asked
    with fabric.connect(principal) as connection:
        return set(fabric.codec.errors(connection.send(request, body, version=version)).values())


def test_explicit_deny_wins_over_what_another_policy_allows(fabric: Fabric) -> None:
    person = fabric.person("events", "secret")
    open_topic, denied_topic = f"{person.namespace}.events", f"{person.namespace}.secret"
    deny = {"Effect": "Deny", "Action": "kafka-cluster:ReadData", "Resource": arn("topic", "*.secret")}
    iam = fabric.deployment.client("iam")
    iam.put_user_policy(
        UserName=person.subject,
        PolicyName="by-an-operator",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": deny}),
    )
    iam.close()
    assert _heard(fabric, person, _read(denied_topic)) == {TOPIC}
    assert _heard(fabric, person, _write(denied_topic)) == set()
    assert _heard(fabric, person, _read(open_topic)) == set()


def test_shared_topic_is_read_until_its_end_though_nobody_touches_the_policy_again(fabric: Fabric) -> None:
    owner, reader = fabric.person("shared"), fabric.person()
    topic, until = (
        f"{owner.namespace}.shared",
        datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=8),
    )
    iam, settings = fabric.deployment.client("iam"), fabric.deployment.settings
    principals = IamPrincipals(
        iam,
        institution=settings.institution,
        boundary_arn=settings.principal_boundary_arn,
        cluster_arn=settings.cluster_arn,
    )
    holdings = own(reader.namespace) | {DataRight(topic, Level.READ, until)}
    principals.ensure(reader.subject, holdings)
    iam.close()
    database = fabric.deployment.client("dynamodb")
    store = CredentialStore(database, settings.credentials_table)
    store.bump_version(reader.subject, principals.policy_sha256(holdings))
    database.close()

    await_that(lambda: _heard(fabric, reader, _read(topic)) == set())
    assert _heard(fabric, reader, _write(topic)) == {TOPIC}
    await_that(lambda: _heard(fabric, reader, _read(topic)) == {TOPIC})
    assert until <= datetime.now(UTC) < until + timedelta(seconds=3)


@pytest.fixture(scope="module")
def session(fabric: Fabric, bob: Principal) -> Principal:
    """A session of Bob's that may read one topic of his two."""
    opened = fabric.features.sessions.open(
        bob.subject, topics=[f"{bob.namespace}.events"], actions=["read"], duration_s=900
    )
    return Principal(
        bob.subject, bob.namespace, Credentials(opened.access_key_id, opened.secret, opened.token)
    )


def test_session_may_do_what_it_was_opened_for(fabric: Fabric, session: Principal) -> None:
    assert _heard(fabric, session, _read(f"{session.namespace}.events")) == set()


@pytest.mark.parametrize(
    "outside", ["write", "another topic", "a foreign topic", "a transaction", "configuration"]
)
def test_session_may_do_nothing_else(
    fabric: Fabric, session: Principal, alice: Principal, outside: str
) -> None:
    own = session.namespace
    transaction: Body = {"transactionalId": f"{own}.writer", "transactionTimeoutMs": 10000}
    tried, refusal = {
        "write": (_write(f"{own}.events"), TOPIC),
        "another topic": (_read(f"{own}.drafts"), TOPIC),
        "a foreign topic": (_read(f"{alice.namespace}.events"), TOPIC),
        "a transaction": (("INIT_PRODUCER_ID", transaction, 5), TRANSACTIONAL_ID),
        "configuration": (
            (
                "INCREMENTAL_ALTER_CONFIGS",
                {"resources": [{"resourceType": 2, "resourceName": f"{own}.events"}]},
                1,
            ),
            TOPIC,
        ),
    }[outside]
    assert _heard(fabric, session, tried) == {refusal}


def test_session_without_its_security_token_is_refused(fabric: Fabric, session: Principal) -> None:
    stolen = Principal(
        session.subject, session.namespace, Credentials(session.key.access_key, session.key.secret_key)
    )
    with pytest.raises(AssertionError, match="invalid_token"):
        fabric.connect(stolen)


FORWARDED: dict[str, Body] = {
    "CREATE_TOPICS": {"topics": [{"name": "{ns}.new", "numPartitions": 1, "replicationFactor": 1}]},
    "DELETE_TOPICS": {"timeoutMs": 10000, "topics": [{"name": "{ns}.events"}]},
    "CREATE_PARTITIONS": {
        "timeoutMs": 10000,
        "topics": [{"name": "{ns}.events", "count": 2, "assignments": None}],
    },
    "INCREMENTAL_ALTER_CONFIGS": {
        "resources": [
            {
                "resourceType": 2,
                "resourceName": "{ns}.events",
                "configs": [{"name": "retention.ms", "value": "1"}],
            }
        ]
    },
    "ALTER_PARTITION_REASSIGNMENTS": {
        "topics": [{"name": "{ns}.events", "partitions": [{"partitionIndex": 0, "replicas": [1]}]}]
    },
    "ALTER_CLIENT_QUOTAS": {
        "entries": [
            {
                "entity": [{"entityType": "user", "entityName": None}],
                "ops": [{"key": "producer_byte_rate", "value": 1.0}],
            }
        ]
    },
    "UNREGISTER_BROKER": {"brokerId": 1},
}


@pytest.mark.parametrize("request_", FORWARDED)
def test_client_has_no_more_rights_where_a_broker_forwards_to(
    fabric: Fabric, alice: Principal, bob: Principal, request_: str
) -> None:
    """There, only the cluster's own are expected, and they may do everything."""
    body = json.loads(json.dumps(FORWARDED[request_]).replace("{ns}", bob.namespace))
    with fabric.connect(alice) as connection:
        questions = Questions(fabric.questions_file)
        errors = fabric.codec.errors(connection.send(request_, body))
    asked = questions.new(alice.subject)
    assert {(question.listener, question.allowed) for question in asked} == {("CONTROLLER", False)}
    assert errors
    assert {error.removesuffix("_AUTHORIZATION_FAILED") for error in errors.values()} <= {"TOPIC", "CLUSTER"}


@pytest.mark.parametrize("listener", ["INTERNAL", "CONTROLLER"])
def test_inner_listener_takes_no_token(fabric: Fabric, listener: str) -> None:
    unsupported_mechanism = 33
    mechanism = b"OAUTHBEARER"
    request = struct.pack(">hhihh", 17, 1, 7, -1, len(mechanism)) + mechanism
    with socket.create_connection(("127.0.0.1", _port(fabric.node.ca_file.parents[1], listener)), 30) as peer:
        peer.sendall(struct.pack(">i", len(request)) + request)
        answer = peer.recv(1024)
    assert struct.unpack_from(">iih", answer)[1:] == (7, unsupported_mechanism)
    assert answer.endswith(b"PLAIN")


def _port(home: Path, listener: str) -> int:
    (line,) = [
        each
        for each in (home / "server.properties").read_text().splitlines()
        if each.startswith("listeners=")
    ]
    ports = {
        name: int(at.rpartition(":")[2]) for name, _, at in (e.partition("://") for e in line[10:].split(","))
    }
    return ports[listener]

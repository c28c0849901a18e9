"""Sessions: opened through the service, judged, used with a real broker, and ended."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from botocore.credentials import Credentials
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer

from octopus.credentials import sessions
from octopus.errors import Failure
from octopus.kafka.client import client_settings
from octopus.web.assembly import Features
from tests.integration.broker.node import CLUSTER_ARN, Node
from tests.integration.service.deployment import Deployment
from tests.integration.service.replica import Person, Replica, await_that
from tests.patience import PATIENCE_S, next_message

SESSIONS = "/api/v3/sessions"
SECONDS = PATIENCE_S


def wanted(person: Person, *topics: str, actions: tuple[str, ...] = ("read",), **more: Any) -> dict[str, Any]:
    names = [f"{person.namespace}.{topic}" for topic in topics or ("readings",)]
    return {"topics": names, "actions": list(actions), **more}


@pytest.fixture
def person(replica: Replica, new_people: Callable[[], Person]) -> Person:
    """Somebody with two topics."""
    somebody = new_people()
    somebody.get(replica, "POST", "/api/v3/user")
    for topic in ("readings", "others"):
        somebody.get(replica, "POST", f"/api/v3/{somebody.namespace}/{topic}")
    return somebody


@pytest.fixture
def verify(judge: str, judge_secret: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """What the judge says of a token signed with a key."""

    def ask(key: dict[str, Any]) -> dict[str, Any]:
        reply = httpx.post(
            f"{judge}/verify",
            json={"mechanism": "OAUTHBEARER", "token": signed(key), "hosts": []},
            headers={"Authorization": f"Bearer {judge_secret}"},
            timeout=SECONDS,
        )
        reply.raise_for_status()
        answer: dict[str, Any] = reply.json()
        return answer

    return ask


def kafka_settings(key: dict[str, Any], broker: Node) -> dict[str, Any]:
    return client_settings(
        bootstrap_servers=key["endpoint"],
        ca_file=broker.ca_file,
        credentials=Credentials(key["access_key"], key["secret_key"], key.get("session_token")),
    )


def signed(key: dict[str, Any]) -> str:
    settings = client_settings(
        bootstrap_servers="unused:9",
        credentials=Credentials(key["access_key"], key["secret_key"], key.get("session_token")),
    )
    token: str = settings["oauth_cb"]("")[0]
    return token


def produce(settings: dict[str, Any], topic: str, value: bytes, **more: Any) -> KafkaError | None:
    outcomes: list[KafkaError | None] = []

    def shut_out(error: KafkaError) -> None:
        # Of a key that is no good librdkafka tells the application, and tries on until the record is too old.
        if error.code() == KafkaError._AUTHENTICATION:
            outcomes.append(error)

    patient = {"message.timeout.ms": int(SECONDS * 1000), "error_cb": shut_out}
    producer = Producer({**settings, **more, **patient})
    producer.produce(topic, value, on_delivery=lambda error, _: outcomes.append(error))
    while not outcomes:
        producer.poll(0.1)
    producer.purge()
    return outcomes[0]


def consume(settings: dict[str, Any], topic: str, group: str) -> bytes | None:
    consumer = Consumer({**settings, "group.id": group, "auto.offset.reset": "earliest"})
    try:
        consumer.subscribe([topic])
        message = next_message(consumer)
        error = message.error()
        if error is not None:
            raise KafkaException(error)
        return message.value()
    finally:
        consumer.close()


def test_session_is_a_key_for_its_time_and_is_listed_with_its_scope(
    replica: Replica, person: Person, deployment: Deployment
) -> None:
    key = person.get(replica, "POST", "/api/v3/key")

    session = person.get(
        replica,
        "POST",
        SESSIONS,
        wanted(person, "readings", "*", actions=("write", "read"), duration_seconds=900, label="night shift"),
    )

    left = datetime.fromisoformat(session["expiration"]) - datetime.now(UTC)
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)
    assert session["access_key"].startswith("ASIA")
    assert (session["endpoint"], session["region"]) == (key["endpoint"], CLUSTER_ARN.split(":")[3])
    listed = person.get(replica, "GET", "/api/v3/keys")["keys"]
    assert [each["access_key"] for each in listed] == [session["access_key"], key["access_key"]]
    assert listed[0] | {"create_date": ""} == {
        "access_key": session["access_key"],
        "label": "night shift",
        "kind": "session",
        "state": "active",
        "create_date": "",
        "expires": session["expiration"],
        "last_used": None,
        "replaced_by": None,
        "topics": [f"{person.namespace}.*", f"{person.namespace}.readings"],
        "actions": ["read", "write"],
    }
    again = person.get(replica, "POST", "/api/v3/key")
    assert (again["access_key"], again["fresh"]) == (key["access_key"], False), "a session is never the key"
    person.get(replica, "POST", "/api/v3/keys", {})  # nor does it take the place of one


def test_many_sessions_opened_at_once_wait_for_nobody(replicas: list[Replica], person: Person) -> None:
    with ThreadPoolExecutor(16) as threads:
        opened = list(
            threads.map(
                lambda number: person.get(replicas[number % 2], "POST", SESSIONS, wanted(person)), range(16)
            )
        )

    assert {session["status"] for session in opened} == {"success"}
    listed = person.get(replicas[0], "GET", "/api/v3/keys")["keys"]
    assert {key["access_key"] for key in listed} == {session["access_key"] for session in opened}
    assert len(listed) == 16


def test_record_holds_what_the_judge_needs_and_no_token(
    replica: Replica, person: Person, deployment: Deployment
) -> None:
    session = person.get(replica, "POST", SESSIONS, wanted(person))

    rows = {
        item["pk"]["S"]: item
        for item in deployment.items(deployment.settings.credentials_table)
        if session["access_key"] in item["pk"]["S"] + item["sk"]["S"]
    }
    item = rows[f"KEY#{session['access_key']}"]
    context = {
        "purpose": "octopus-credential",
        "subject": person.subject,
        "access_key_id": session["access_key"],
    }
    opened = deployment.client("kms").decrypt(CiphertextBlob=item["secret"]["B"], EncryptionContext=context)
    kept = json.loads(opened["Plaintext"])
    assert kept.keys() == {"secret_access_key", "session_token_sha256", "policy"}
    assert kept["secret_access_key"] == session["secret_key"]
    assert kept["session_token_sha256"] == hashlib.sha256(session["session_token"].encode()).hexdigest()
    assert (item["kind"]["S"], item["state"]["S"]) == ("session", "active")
    assert (item["subject"]["S"], item["user_name"]["S"]) == (person.subject, person.subject)
    assert int(item["ttl"]["N"]) > datetime.fromisoformat(session["expiration"]).timestamp()
    assert rows.keys() == {f"KEY#{session['access_key']}", f"SUBJECT#{person.subject}"}
    for hidden in (session["session_token"], session["secret_key"]):
        assert hidden not in str(rows)
        assert hidden not in replica.log.read_text()


def test_session_of_somebody_new_comes_with_the_account(
    replica: Replica, new_people: Callable[[], Person]
) -> None:
    somebody = new_people()

    session = somebody.get(replica, "POST", SESSIONS, wanted(somebody))

    assert session["status"] == "success"
    assert somebody.get(replica, "GET", "/api/v3/namespace")["namespaces"] == {somebody.namespace: []}


TOPIC_RULE = "must be <namespace>.<topic>, or <namespace>.* for all of a namespace"


def test_session_that_is_asked_for_wrongly_is_refused_by_field(replica: Replica, person: Person) -> None:
    own = f"{person.namespace}.readings"
    cases: list[tuple[dict[str, Any], str]] = [
        ({"topics": []}, "body.topics: List should have at least 1 item"),
        ({"topics": [own] * 101}, "body.topics: List should have at most 100 items"),
        ({"topics": own}, "body.topics: Input should be a valid list"),
        *(
            ({"topics": [own, name]}, f"body.topics.1: {TOPIC_RULE}, received {name!r}")
            for name in (
                "readings",
                "*",
                "*.*",
                f"{person.namespace}.",
                f"{own}*",
                f"{own}/x",
                f"{own}${{x}}",
            )
        ),
        ({"actions": []}, "body.actions: List should have at least 1 item"),
        ({"actions": ["delete"]}, "body.actions.0: Input should be 'read' or 'write', received 'delete'"),
        ({"duration_seconds": 899}, "body.duration_seconds: Input should be greater than or equal to 900"),
        ({"duration_seconds": 3601}, "body.duration_seconds: Input should be less than or equal to 3600"),
        ({"duration_seconds": "3600"}, "body.duration_seconds: Input should be a valid integer"),
        ({"label": ""}, "body.label: must be 1 to 64 printable characters"),
        ({"role": "admin"}, "body.role: Extra inputs are not permitted"),
    ]
    for change, told in cases:
        reply = person.call(replica, "POST", SESSIONS, body=wanted(person) | change)
        assert (reply.status_code, reply.json()["error_code"]) == (422, 422), change
        assert told in reply.json()["message"]
    missing = person.call(replica, "POST", SESSIONS, body={"topics": [own]})
    assert missing.status_code == 422
    assert "body.actions: Field required" in missing.json()["message"]
    assert person.get(replica, "GET", "/api/v3/keys")["keys"] == []


def test_session_for_more_than_a_policy_holds_is_refused_with_size_and_limit(
    replica: Replica, person: Person
) -> None:
    many = wanted(person, *(f"a-topic-of-some-length-{number:02}" for number in range(20)))

    reply = person.call(replica, "POST", SESSIONS, body=many)

    assert reply.status_code == 422
    message = reply.json()["message"]
    assert message.startswith("topics: the session's policy would have ")
    assert message.endswith(
        "characters and AWS takes 2048: name fewer topics, or all of a namespace as <namespace>.*"
    )


def test_session_for_a_foreign_namespace_is_refused_as_everywhere(
    replica: Replica, person: Person, new_people: Callable[[], Person]
) -> None:
    owner = new_people()
    owner.get(replica, "POST", "/api/v3/user")

    for namespace in (owner.namespace, "ns-000000000000"):
        body = {"topics": [f"{person.namespace}.readings", f"{namespace}.readings"], "actions": ["read"]}
        reply = person.call(replica, "POST", SESSIONS, body=body)
        assert reply.status_code == 403
        assert reply.json()["message"] == f"Namespace {namespace} not found for {person.subject}"

    assert person.get(replica, "GET", "/api/v3/keys")["keys"] == []


def test_session_reads_and_writes_what_it_is_for_and_nothing_else(
    replica: Replica, person: Person, broker: Node
) -> None:
    reader = kafka_settings(person.get(replica, "POST", SESSIONS, wanted(person)), broker)
    writer = kafka_settings(
        person.get(replica, "POST", SESSIONS, wanted(person, "others", "readings", actions=("write",))),
        broker,
    )
    readings, others = (f"{person.namespace}.{topic}" for topic in ("readings", "others"))
    group = f"{person.namespace}.readers"
    value = uuid.uuid4().bytes

    assert produce(writer, readings, value, **{"enable.idempotence": True}) is None
    assert produce(writer, others, value) is None
    assert consume(reader, readings, group) == value

    refused = produce(reader, readings, b"forged")
    assert refused is not None
    assert refused.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
    for settings, topic, code in (
        (reader, others, KafkaError.TOPIC_AUTHORIZATION_FAILED),
        (writer, readings, KafkaError.GROUP_AUTHORIZATION_FAILED),
    ):
        with pytest.raises(KafkaException) as raised:
            consume(settings, topic, group)
        assert raised.value.args[0].code() == code


def test_session_reads_what_is_shared_with_its_owner_in_a_group_of_its_owners_own(
    replica: Replica, person: Person, broker: Node, new_people: Callable[[], Person]
) -> None:
    reader = new_people()
    reader.get(replica, "POST", "/api/v3/user")
    shared, other = (f"{person.namespace}.{topic}" for topic in ("readings", "others"))
    body = {"who": reader.subject, "right": "read"}
    person.get(replica, "POST", f"/api/v3/{person.namespace}/readings/grants", body)
    writer = kafka_settings(person.get(replica, "POST", SESSIONS, wanted(person, actions=("write",))), broker)
    value = uuid.uuid4().bytes
    assert produce(writer, shared, value) is None

    asked = {"topics": [shared], "actions": ["read"]}
    session = kafka_settings(reader.get(replica, "POST", SESSIONS, asked), broker)

    assert consume(session, shared, f"{reader.namespace}.readers") == value
    with pytest.raises(KafkaException) as raised:
        consume(session, shared, f"{person.namespace}.readers")
    assert raised.value.args[0].code() == KafkaError.GROUP_AUTHORIZATION_FAILED
    for topic, actions in ((other, ["read"]), (shared, ["write"]), (f"{person.namespace}.*", ["read"])):
        reply = reader.call(replica, "POST", SESSIONS, body={"topics": [topic], "actions": actions})
        assert reply.status_code == 403
        assert reply.json()["message"] == f"Topic {topic} not found for {reader.subject}"


def test_ended_session_is_refused_within_seconds_and_its_key_is_not(
    replica: Replica,
    person: Person,
    deployment: Deployment,
    verify: Callable[[dict[str, Any]], dict[str, Any]],
) -> None:
    key = person.get(replica, "POST", "/api/v3/key")
    session = person.get(replica, "POST", SESSIONS, wanted(person))
    await_that(lambda: verify(session)["outcome"] == "allow")
    allowed = verify(session)
    assert (allowed["principal"], allowed["kind"]) == (person.subject, "session")
    ends = datetime.fromisoformat(session["expiration"]).timestamp() * 1000
    assert allowed["session_expires_ms"] == pytest.approx(ends, abs=1000)

    for verb in ("deleted", "not found"):
        done = person.get(replica, "DELETE", f"/api/v3/keys/{session['access_key']}")
        assert done["message"] == f"Access key {session['access_key']} {verb} for {person.subject}"

    await_that(lambda: verify(session)["outcome"] == "deny")
    await_that(lambda: verify(key)["outcome"] == "allow")
    assert not [
        item
        for item in deployment.items(deployment.settings.credentials_table)
        if session["access_key"] in item["pk"]["S"] + item["sk"]["S"]
    ]


def test_session_cannot_be_rotated_and_goes_with_all_keys(replica: Replica, person: Person) -> None:
    session = person.get(replica, "POST", SESSIONS, wanted(person))
    path = f"/api/v3/keys/{session['access_key']}"

    assert person.get(replica, "POST", f"{path}/rotate") == {
        "status": "failure",
        "message": f"{session['access_key']} is a session: it ends by itself, open another one instead",
    }
    person.get(replica, "PATCH", path, {"label": "renamed"})
    assert person.get(replica, "GET", "/api/v3/keys")["keys"][0]["label"] == "renamed"
    person.get(replica, "DELETE", "/api/v3/key")
    assert person.get(replica, "GET", "/api/v3/keys")["keys"] == []


def test_session_that_has_ended_is_cleared_away_without_a_change_for_the_judge(
    replica: Replica, person: Person, deployment: Deployment, features: Features
) -> None:
    session = person.get(replica, "POST", SESSIONS, wanted(person))
    table = deployment.settings.credentials_table
    database = deployment.client("dynamodb")

    def version() -> str:
        row = {"pk": {"S": f"SUBJECT#{person.subject}"}, "sk": {"S": "VERSION"}}
        return str(database.get_item(TableName=table, Key=row, ConsistentRead=True)["Item"]["version"]["N"])

    before = version()
    database.update_item(
        TableName=table,
        Key={"pk": {"S": f"KEY#{session['access_key']}"}, "sk": {"S": "KEY"}},
        UpdateExpression="SET expires = :past",
        ExpressionAttributeValues={":past": {"S": (datetime.now(UTC) - timedelta(seconds=1)).isoformat()}},
    )

    features.keys.tend(person.subject, unused_after=None)

    assert person.get(replica, "GET", "/api/v3/keys")["keys"] == []
    assert version() == before


def test_suspended_account_gets_no_session_and_loses_those_it_had(
    replica: Replica,
    person: Person,
    features: Features,
    verify: Callable[[dict[str, Any]], dict[str, Any]],
) -> None:
    session = person.get(replica, "POST", SESSIONS, wanted(person))
    await_that(lambda: verify(session)["outcome"] == "allow")

    features.suspensions.suspend(person.subject)

    assert person.call(replica, "POST", SESSIONS, body=wanted(person)).status_code == 403
    await_that(lambda: verify(session)["outcome"] == "deny")
    features.suspensions.resume(person.subject)
    assert verify(session)["outcome"] == "deny"
    person.get(replica, "POST", SESSIONS, wanted(person))


def test_as_many_sessions_as_may_be_are_open_at_once(
    replica: Replica, person: Person, features: Features, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "MOST_SESSIONS", 1)
    asked: dict[str, Any] = {
        "topics": [f"{person.namespace}.readings"],
        "actions": ["read"],
        "duration_s": 900,
    }
    features.sessions.open(person.subject, **asked)

    with pytest.raises(Failure, match=f"1 sessions of {person.subject} are open: end some"):
        features.sessions.open(person.subject, **asked)

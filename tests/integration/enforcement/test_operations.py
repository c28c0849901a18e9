"""Every request that this Kafka knows, sent: what is asked about it, and what its caller hears."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer

from tests.integration.broker.judge_double import until
from tests.integration.enforcement.document import DOCUMENT, document
from tests.integration.enforcement.fabric import Fabric, Principal
from tests.integration.enforcement.operations import (
    CLOSES,
    Request,
    Role,
    Sent,
    operations,
    requests,
)
from tests.integration.enforcement.questions import Question, Questions
from tests.patience import PATIENCE_S

OPERATIONS = operations()
REQUESTS = requests()
TOPICS = ("events", "doomed", "condemned")


@dataclass(frozen=True)
class Scene:
    """Who sends, and whose resources the requests name."""

    sender: Principal
    own: Principal
    foreign: Principal


@pytest.fixture(scope="module")
def scenes(fabric: Fabric, operator: Principal) -> dict[Role, Scene]:
    """A person against another one; and an operator who may spoil what two others have."""
    people = [fabric.person(*TOPICS) for _ in range(4)]
    for person in people:
        _have_groups(fabric, person)
    return {
        "person": Scene(people[0], people[0], people[1]),
        "operator": Scene(operator, people[2], people[3]),
    }


@pytest.fixture(scope="module")
def topic_ids(fabric: Fabric, operator: Principal, scenes: dict[Role, Scene]) -> dict[str, str]:
    """Kafka's id of each topic."""
    with fabric.connect(operator) as connection:
        topics = connection.send("METADATA", {"topics": None})["topics"]
    return {topic["name"]: topic["topicId"] for topic in topics}


@pytest.mark.parametrize("request_", REQUESTS, ids=[each.name for each in REQUESTS])
def test_request_is_decided_and_answered_as_the_table_says(
    fabric: Fabric, scenes: dict[Role, Scene], topic_ids: dict[str, str], request_: Request
) -> None:
    asked: set[str] = set()
    for role, scene in scenes.items():
        for sent in request_.sent:
            with _given(fabric, scene.foreign, sent):
                answer, questions = _send(fabric, scene, topic_ids, request_.name, sent)
            assert answer == sent.answers[role]
            asked |= {question.operation for question in questions if question.decides}
            assert _audited(questions) <= {
                (line["outcome"], line["action"], line["resource"]) for line in fabric.audited(scene.sender)
            }
    assert asked == request_.asks


def test_table_has_a_row_for_every_request_of_this_kafka(fabric: Fabric) -> None:
    assert {api.name for api in fabric.codec.requests()} == {request.name for request in REQUESTS}


def test_every_operation_that_a_request_asks_for_has_an_answer() -> None:
    assert set().union(*(request.asks | set(request.not_asked_here) for request in REQUESTS)) == set(
        OPERATIONS
    )


def test_requests_that_nobody_serves_are_not_offered(fabric: Fabric, operator: Principal) -> None:
    names = {api.id: api.name for api in fabric.codec.requests()}
    with fabric.connect(operator) as connection:
        offered = {names[each["apiKey"]] for each in connection.send("API_VERSIONS", SOFTWARE)["apiKeys"]}
    closing = {
        request.name for request in REQUESTS if all(CLOSES in each.answers.values() for each in request.sent)
    }
    telemetry = {"GET_TELEMETRY_SUBSCRIPTIONS", "PUSH_TELEMETRY"}
    assert offered == set(names.values()) - closing - telemetry


def test_caller_who_asks_hears_what_he_may_do(fabric: Fabric, scenes: dict[Role, Scene]) -> None:
    person = scenes["person"].sender
    asking = {"topics": [{"name": f"{person.namespace}.events"}], "includeTopicAuthorizedOperations": True}
    with fabric.connect(person) as connection:
        (topic,) = connection.send("METADATA", asking)["topics"]
    read, write, describe, describe_configs = 3, 4, 8, 10  # ids of Kafka's AclOperation
    assert topic["topicAuthorizedOperations"] == sum(
        1 << bit for bit in (read, write, describe, describe_configs)
    )


def test_document_is_the_table() -> None:
    assert DOCUMENT.read_text() == document(), "run python -m tests.integration.enforcement.document"


SOFTWARE = {"clientSoftwareName": "test", "clientSoftwareVersion": "1"}


def _send(
    fabric: Fabric, scene: Scene, topic_ids: dict[str, str], request: str, sent: Sent
) -> tuple[dict[str, str] | str, list[Question]]:
    """What the sender hears, in the table's words, and what the broker asked meanwhile."""
    words = {"${own}": scene.own.namespace, "${foreign}": scene.foreign.namespace}
    # Longest first: an id is named by a topic, whose name may begin with another's.
    ids = {f"id of {name}": topic_ids[name] for name in sorted(topic_ids, key=len, reverse=True)}
    body = json.loads(_replaced(_replaced(json.dumps(sent.body), words), ids))
    with fabric.connect(scene.sender) as connection:
        questions = Questions(fabric.questions_file)
        try:
            response = connection.send(request, body, version=sent.version)
        except ConnectionError:
            return CLOSES, questions.new(scene.sender.subject)
        asked = questions.new(scene.sender.subject)
    if sent.lists is not None:
        shown = _replaced(sent.lists, words) in json.dumps(response)
        assert shown == (scene.sender is not scene.own)
    backwards = {value: word for word, value in (ids | words).items()}
    errors = fabric.codec.errors(response)
    return {
        _replaced(_replaced(about, backwards), backwards): error for about, error in errors.items()
    }, asked


def _audited(questions: list[Question]) -> set[tuple[str, str, str]]:
    return {
        ("allow" if each.allowed else "deny", each.action(OPERATIONS[each.operation]), each.resource())
        for each in questions
        if each.audited and not each.request.endswith("_ACLS")
    }


def _given(fabric: Fabric, owner: Principal, sent: Sent) -> AbstractContextManager[None]:
    made: dict[str, Callable[[Fabric, Principal], AbstractContextManager[None]]] = {
        "member": _member,
        "transaction": _transaction,
    }
    return made[sent.given](fabric, owner) if sent.given else nullcontext()


@contextmanager
def _member(fabric: Fabric, owner: Principal) -> Iterator[None]:
    """Somebody consumes in the owner's group ``members``, of the new protocol."""
    group = f"{owner.namespace}.members"
    consumer = Consumer(fabric.settings(owner, group_id=group, group_protocol="consumer"))
    try:
        consumer.subscribe([f"{owner.namespace}.events"])
        until(lambda: consumer.poll(0.1) or consumer.assignment(), within_s=PATIENCE_S)
        yield
    finally:
        consumer.close()


@contextmanager
def _transaction(fabric: Fabric, owner: Principal) -> Iterator[None]:
    """The owner's transactional id ``open`` is in the middle of a transaction."""
    producer = Producer(fabric.settings(owner, transactional_id=f"{owner.namespace}.open"))
    producer.init_transactions(60)
    producer.begin_transaction()
    producer.produce(f"{owner.namespace}.events", b"one")
    assert producer.flush(PATIENCE_S) == 0
    yield
    producer.abort_transaction(60)


def _have_groups(fabric: Fabric, person: Principal) -> None:
    """Two groups of the person's hold offsets, and Kafka's coordinators are ready for whatever comes."""
    topic = {
        "name": f"{person.namespace}.events",
        "partitions": [{"partitionIndex": 0, "committedOffset": 0}],
    }
    prepared: list[tuple[str, dict[str, Any]]] = [
        ("FIND_COORDINATOR", {"keyType": 0, "coordinatorKeys": [f"{person.namespace}.readers"]}),
        ("OFFSET_COMMIT", {"groupId": f"{person.namespace}.readers", "topics": [topic]}),
        ("OFFSET_COMMIT", {"groupId": f"{person.namespace}.doomed", "topics": [topic]}),
        ("INIT_PRODUCER_ID", {"transactionalId": None, "transactionTimeoutMs": 10000}),
        ("FIND_COORDINATOR", {"keyType": 1, "coordinatorKeys": [f"{person.namespace}.writer"]}),
    ]
    with fabric.connect(person) as connection:
        for request, body in prepared:
            until(lambda: not fabric.codec.errors(connection.send(request, body)), within_s=PATIENCE_S)  # noqa: B023


def _replaced(text: str, words: dict[str, str]) -> str:
    for word, value in words.items():
        text = text.replace(word, value)
    return text

"""Somebody else, with a valid key of her own, tries to get at a topic that is not hers."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from typing import Any

import httpx
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient

from octopus.demo.account import Account
from octopus.demo.errors import DemoError

_ANSWER_S = 15
_OWN_TOPIC = "demo-own"
_NOT_ALLOWED = (
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What was tried and what the answer was."""

    what: str
    through: str
    refused: bool
    """For want of rights: no answer at all is no refusal."""
    answer: str


def use_own_topic(account: Account) -> None:
    """Write and read a topic of the account's own, so that a refusal elsewhere says something.

    Raises:
        DemoError: its key does not work.
    """
    account.session.call("POST", f"{account.namespace}/{_OWN_TOPIC}")
    topic = f"{account.namespace}.{_OWN_TOPIC}"
    written = _write(account, topic)
    read = _read(account, topic, group=f"{account.namespace}.reader")
    if written is not None or read is not None:
        raise DemoError(f"The intruder's own topic does not work: {written or read}")


def intrude(account: Account, *, namespace: str, topic: str) -> list[Attempt]:
    """Try everything on ``topic``, the name without its ``namespace``, and report the answers."""
    name, own = f"{namespace}.{topic}", f"{account.namespace}.{_OWN_TOPIC}"
    attempts: list[Callable[[], Attempt]] = [
        lambda: _kafka("write a record", lambda: _write(account, name)),
        lambda: _kafka("read the records", lambda: _read(account, name, group=f"{account.namespace}.reader")),
        lambda: _kafka(
            "read as one of the mirror's group", lambda: _read(account, own, group=f"{namespace}.mirror")
        ),
        lambda: _list(account, name),
        lambda: _kafka("describe the topic", lambda: _describe(account, name)),
        lambda: _kafka("delete the topic", lambda: _delete(account, name)),
        lambda: _api(account, "delete the topic", "DELETE", f"{namespace}/{topic}"),
        lambda: _api(account, "empty the topic", "PUT", f"{namespace}/{topic}/recreate"),
        lambda: _api(account, "make a topic beside it", "POST", f"{namespace}/{topic}-2"),
    ]
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda attempt: attempt(), attempts))


def _kafka(what: str, attempt: Callable[[], KafkaError | None]) -> Attempt:
    try:
        error = attempt()
    except KafkaException as raised:
        error = raised.args[0]
    except FutureTimeoutError:
        error = KafkaError(KafkaError._TIMED_OUT)
    if error is None:
        return Attempt(what=what, through="Kafka", refused=False, answer="done")
    return Attempt(
        what=what,
        through="Kafka",
        refused=error.code() in _NOT_ALLOWED,
        answer=error.str(),
    )


def _write(account: Account, topic: str) -> KafkaError | None:
    producer = Producer(
        {**account.kafka_settings(), "acks": "all", "delivery.timeout.ms": _ANSWER_S * 1000, "linger.ms": 0}
    )
    answers: list[KafkaError | None] = []
    producer.produce(topic, b"not yours", on_delivery=lambda error, _message: answers.append(error))
    producer.flush(_ANSWER_S + 1)
    return answers[0] if answers else KafkaError(KafkaError._TIMED_OUT)


def _read(account: Account, topic: str, *, group: str) -> KafkaError | None:
    """None when a record came, else why not."""
    consumer = Consumer(
        {
            **account.kafka_settings(),
            "group.id": group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    until = time.monotonic() + _ANSWER_S
    try:
        consumer.subscribe([topic])
        while time.monotonic() < until:
            message = consumer.poll(0.2)
            if message is None:
                continue
            error = message.error()
            if error is None or error.code() >= 0:
                return error
        return KafkaError(KafkaError._TIMED_OUT)
    finally:
        consumer.close()


def _list(account: Account, topic: str) -> Attempt:
    names = set(_admin(account).list_topics(timeout=_ANSWER_S).topics)
    seen = topic in names
    answer = f"it is in the list of {len(names)}" if seen else f"the list of {len(names)} does not have it"
    return Attempt(what="find it in the list of topics", through="Kafka", refused=not seen, answer=answer)


def _describe(account: Account, topic: str) -> KafkaError | None:
    error: KafkaError | None = _admin(account).list_topics(topic, timeout=_ANSWER_S).topics[topic].error
    return error


def _delete(account: Account, topic: str) -> None:
    admin = _admin(account)  # it answers only while somebody holds it
    admin.delete_topics([topic], request_timeout=_ANSWER_S)[topic].result(timeout=_ANSWER_S + 1)


def _admin(account: Account) -> Any:
    return AdminClient(account.kafka_settings())


def _api(account: Account, what: str, method: str, path: str) -> Attempt:
    session = account.session
    reply = httpx.request(
        method,
        f"{session.url}/api/v3/{path}",
        headers={"Subject": session.subject, "Authorization": session.authorization},
        timeout=_ANSWER_S,
    )
    return Attempt(
        what=what,
        through=f"REST, {method}",
        refused=reply.status_code == httpx.codes.FORBIDDEN,
        answer=f"HTTP {reply.status_code}: {reply.json().get('message', '')}",
    )

"""One record written and read by clients of both mechanisms, and what became of it, in a word."""

from __future__ import annotations

import os
import subprocess
import uuid
from pathlib import Path
from typing import Any

from botocore.credentials import Credentials
from confluent_kafka import Consumer, KafkaError, Message, Producer

from octopus.kafka.client import client_settings
from tests.integration.cluster.own_kafka import OwnKafka
from tests.integration.judge.institution import Tenant

ROOT = Path(__file__).parents[3]
_SECONDS = 60
_FINAL = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED: "TopicAuthorizationFailed",
    KafkaError.GROUP_AUTHORIZATION_FAILED: "GroupAuthorizationFailed",
    KafkaError._AUTHENTICATION: "AuthenticationFailed",
    KafkaError._MSG_TIMED_OUT: "TimedOut",
}


def settings_of(kafka: OwnKafka, tenant: Tenant) -> dict[str, Any]:
    """Settings of a librdkafka client that signs with a tenant's key."""
    return client_settings(
        bootstrap_servers=kafka.bootstrap_servers,
        ca_file=kafka.ca_file,
        credentials=Credentials(tenant.access_key_id, tenant.secret),
    )


def by_oauthbearer(kafka: OwnKafka, tenant: Tenant, topic: str, group: str) -> str:
    """librdkafka with AWS's signer: ``written and read``, or the name of the error that ended it."""
    met: list[KafkaError] = []
    settings = {**settings_of(kafka, tenant), "error_cb": met.append}
    value = uuid.uuid4().bytes
    return (
        _write(settings, topic, value, met) or _read(settings, topic, group, value, met) or "written and read"
    )


def _write(settings: dict[str, Any], topic: str, value: bytes, met: list[KafkaError]) -> str | None:
    def delivered(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            met.append(error)

    producer = Producer({**settings, "message.timeout.ms": _SECONDS * 1000})
    producer.produce(topic, value, on_delivery=delivered)
    while len(producer) and not _final(met):
        producer.poll(0.2)
    producer.purge()
    return _final(met)


def _read(
    settings: dict[str, Any], topic: str, group: str, value: bytes, met: list[KafkaError]
) -> str | None:
    consumer = Consumer({**settings, "group.id": group, "auto.offset.reset": "earliest"})
    try:
        consumer.subscribe([topic])
        while not _final(met):
            message = consumer.poll(_SECONDS)
            assert message is not None, f"no record within {_SECONDS} s; met: {met}"
            error = message.error()
            if error is not None:
                met.append(error)
            elif message.value() == value:
                return None
        return _final(met)
    finally:
        consumer.close()


def _final(met: list[KafkaError]) -> str | None:
    """The name of the error that no further try would mend; a judge that is slow at first is none."""
    return next((_FINAL[error.code()] for error in met if error.code() in _FINAL), None)


def by_msk_iam(kafka: OwnKafka, tenant: Tenant, topic: str, group: str) -> str:
    """kafka-python with SASL/AWS_MSK_IAM, in an environment of its own: as `by_oauthbearer`."""
    done = subprocess.run(
        [
            ROOT / ".venv-clients" / "bin" / "python",
            Path(__file__).with_name("msk_iam_program.py"),
            *(kafka.bootstrap_servers, str(kafka.ca_file), topic, group),
        ],
        env={
            "PATH": os.environ["PATH"],
            "AWS_ACCESS_KEY_ID": tenant.access_key_id,
            "AWS_SECRET_ACCESS_KEY": tenant.secret,
            "AWS_DEFAULT_REGION": "us-east-1",
        },
        capture_output=True,
        text=True,
        timeout=3 * _SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()

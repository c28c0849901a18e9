"""What is compared with what: each scenario is a measured leg and its control."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from load_tests.fabric import RunningFabric
from load_tests.signing import sign
from load_tests.worker import Worker
from octopus.fabric.processes import BROKER, EMULATOR, JUDGE, SERVICE

Numbers = Mapping[str, Any]
"""The scenario's own table of ``scenarios.toml``."""

_IAM, _PLAIN = "IAM over TLS", "PLAIN without TLS"
_INNER_USER = "octopus-broker"


@dataclass(frozen=True, kw_only=True)
class Leg:
    """One client, and what it is told."""

    name: str
    client: str
    """Module of ``load_tests.clients``."""
    task: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A measured leg and its control, which do the same amount of the same work."""

    title: str
    unit: str
    """What is counted: ``events``, ``connections`` or ``requests``."""
    servers: tuple[str, ...]
    """Processes of the fabric whose processor time counts, in both legs."""
    measured: Leg
    control: Leg


def _produce(fabric: RunningFabric, numbers: Numbers) -> Scenario:
    size = numbers["record_bytes"]
    topics = fabric.create_topic(f"produce{size}iam"), fabric.create_topic(f"produce{size}plain")
    return _events(fabric, f"Produce {size} B, acks=all", "produce", numbers, topics)


def _consume(fabric: RunningFabric, numbers: Numbers) -> Scenario:
    size = numbers["record_bytes"]
    topic = fabric.create_topic(f"consume{size}")
    scenario = _events(fabric, f"Consume {size} B", "consume", numbers, (topic, topic))
    with Worker("kafka", {**scenario.control.task, "action": "produce"}) as filling:
        filling.round()
    return scenario


def _events(
    fabric: RunningFabric, title: str, action: str, numbers: Numbers, topics: tuple[str, str]
) -> Scenario:
    task = {"action": action, "count": numbers["count"], "record_bytes": numbers["record_bytes"]}
    signed = {
        "bootstrap_servers": fabric.settings.bootstrap_servers,
        "ca_file": str(fabric.ca_file),
        "key": fabric.key,
    }
    plain = {
        "bootstrap.servers": f"127.0.0.1:{fabric.settings.kafka_inner_port}",
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanisms": "PLAIN",
        "sasl.username": _INNER_USER,
        "sasl.password": fabric.secret("broker"),
    }
    return Scenario(
        title=title,
        unit="events",
        servers=(BROKER, JUDGE),
        measured=Leg(name=_IAM, client="kafka", task={**task, "topic": topics[0], **signed}),
        control=Leg(name=_PLAIN, client="kafka", task={**task, "topic": topics[1], "settings": plain}),
    )


def _connect(fabric: RunningFabric, numbers: Numbers) -> Scenario:
    plain = {
        "how": "plain",
        "port": fabric.settings.kafka_inner_port,
        "user": _INNER_USER,
        "password": fabric.secret("broker"),
    }
    return _connections(fabric, "New connections", numbers, (_PLAIN, plain))


def _connect_tls(fabric: RunningFabric, numbers: Numbers) -> Scenario:
    tls = {"how": "tls", "port": fabric.settings.kafka_port, "ca_file": str(fabric.ca_file)}
    return _connections(fabric, "What IAM adds to TLS", numbers, ("TLS without IAM", tls))


def _connections(
    fabric: RunningFabric, title: str, numbers: Numbers, control: tuple[str, dict[str, Any]]
) -> Scenario:
    task = {"host": "127.0.0.1", "count": numbers["count"]}
    signed = {"how": "iam", "port": fabric.settings.kafka_port, "ca_file": str(fabric.ca_file)}
    return Scenario(
        title=title,
        unit="connections",
        servers=(BROKER, JUDGE),
        measured=Leg(name=_IAM, client="connect", task={**task, **signed, "key": fabric.key}),
        control=Leg(name=control[0], client="connect", task={**task, **control[1]}),
    )


def _service(fabric: RunningFabric, numbers: Numbers) -> Scenario:
    live = {"path": "/health/live", "expected": "", "headers": {}}
    return Scenario(
        title="Web service",
        unit="requests",
        servers=(SERVICE, EMULATOR),
        measured=_get(fabric.settings.service_port, "GET namespace", numbers, _namespace(fabric)),
        control=_get(fabric.settings.service_port, "GET /health/live", numbers, live),
    )


def _gateway(fabric: RunningFabric, numbers: Numbers) -> Scenario:
    direct = _namespace(fabric)
    through = {**direct, "path": f"{fabric.gateway_path}{direct['path']}"}
    return Scenario(
        title="Emulated gateway",
        unit="requests",
        servers=(SERVICE, EMULATOR),
        measured=_get(fabric.settings.aws_port, "GET namespace through it", numbers, through),
        control=_get(fabric.settings.service_port, "GET namespace directly", numbers, direct),
    )


def _namespace(fabric: RunningFabric) -> dict[str, Any]:
    return {
        "path": "/api/v3/namespace",
        "expected": fabric.namespace,
        "headers": {"Authorization": fabric.session.authorization, "Subject": fabric.session.subject},
    }


def _judge(fabric: RunningFabric, numbers: Numbers) -> Scenario:
    verify = {
        "method": "POST",
        "path": "/verify",
        "headers": {"Authorization": f"Bearer {fabric.secret('judge')}"},
        "body": json.dumps({"mechanism": "OAUTHBEARER", "token": sign(fabric.key)}),
        "expected": '"outcome":"allow"',
    }
    health = {"path": "/health", "expected": "ok", "headers": {}}
    return Scenario(
        title="Judge",
        unit="requests",
        servers=(JUDGE,),
        measured=_get(fabric.settings.judge_port, "POST /verify, warm", numbers, verify),
        control=_get(fabric.settings.judge_port, "GET /health", numbers, health),
    )


def _get(port: int, name: str, numbers: Numbers, request: dict[str, Any]) -> Leg:
    task = {"host": "127.0.0.1", "port": port, "method": "GET", "body": "", **request}
    sizes = {"count": numbers["count"], "connections": numbers["connections"]}
    return Leg(name=name, client="http", task={**task, **sizes})


SCENARIOS: dict[str, Callable[[RunningFabric, Numbers], Scenario]] = {
    "produce_1kb": _produce,
    "produce_100b": _produce,
    "consume_1kb": _consume,
    "consume_100b": _consume,
    "connect": _connect,
    "connect_tls": _connect_tls,
    "service": _service,
    "gateway": _gateway,
    "judge": _judge,
}
"""By their names in ``scenarios.toml``. Each prepares what it needs on a running fabric."""

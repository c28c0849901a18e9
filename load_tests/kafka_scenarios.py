"""What IAM costs at the broker: the client listener against one with the same TLS and no SASL, no decisions.

What TLS itself costs is stated beside it, by the control of these against a listener without anything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from load_tests.fabric import RunningFabric
from load_tests.legs import BROKER, IAM, PLAIN, TLS, Leg, Numbers, Scenario
from load_tests.worker import Worker
from octopus.fabric.processes import JUDGE
from octopus.fabric.settings import project_root

_JAVA_CLIENT = project_root() / "tests" / "integration" / "clients" / "java" / "target" / "libs"


def _produce(fabric: RunningFabric, numbers: Numbers) -> Scenario:
    return _events(fabric, "Produce", "produce", numbers, _iam(fabric), _tls(fabric))


def _produce_tls(fabric: RunningFabric, numbers: Numbers) -> Scenario:
    return _events(fabric, "Produce", "produce", numbers, _tls(fabric), _plain(fabric))


def _consume(fabric: RunningFabric, numbers: Numbers) -> Scenario:
    return _filled(fabric, _events(fabric, "Consume", "consume", numbers, _iam(fabric), _tls(fabric)))


def _consume_tls(fabric: RunningFabric, numbers: Numbers) -> Scenario:
    return _filled(fabric, _events(fabric, "Consume", "consume", numbers, _tls(fabric), _plain(fabric)))


def _java(fabric: RunningFabric, numbers: Numbers) -> Scenario:
    """Kafka's own performance tool with AWS's own library, by its mechanism."""
    iam = {
        "bootstrap.servers": f"localhost:{fabric.node.client_port}",
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "AWS_MSK_IAM",
        "sasl.jaas.config": "software.amazon.msk.auth.iam.IAMLoginModule required;",
        "sasl.client.callback.handler.class": "software.amazon.msk.auth.iam.IAMClientCallbackHandler",
    }
    tls = {"bootstrap.servers": f"localhost:{fabric.node.tls_port}", "security.protocol": "SSL"}
    trust = {"ssl.truststore.type": "PEM", "ssl.truststore.location": str(fabric.ca_file)}
    task = {
        "topic": fabric.create_topic("java"),
        "count": numbers["count"],
        "record_bytes": numbers["record_bytes"],
        "class_path": f"{_JAVA_CLIENT}/*",
        "key": fabric.key,
    }
    return Scenario(
        title=f"kafka-producer-perf-test {numbers['record_bytes']} B, acks=all",
        unit="events",
        servers=(BROKER, JUDGE),
        measured=Leg(name=IAM, client="java", task={**task, "settings": {**iam, **trust}}),
        control=Leg(name=TLS, client="java", task={**task, "settings": {**tls, **trust}}),
    )


def _connect(fabric: RunningFabric, numbers: Numbers) -> Scenario:
    task = {
        "host": "localhost",
        "port": fabric.node.client_port,
        "ca_file": str(fabric.ca_file),
        "count": numbers["count"],
    }
    return Scenario(
        title="New connections",
        unit="connections",
        servers=(BROKER, JUDGE),
        measured=Leg(name=IAM, client="connect", task={**task, "how": "iam", "key": fabric.key}),
        control=Leg(name=TLS, client="connect", task={**task, "how": "tls"}),
    )


def _events(
    fabric: RunningFabric, title: str, action: str, numbers: Numbers, measured: Leg, control: Leg
) -> Scenario:
    """Both legs with a topic that has the same settings; a topic each, or one for those that only read."""
    size, compression = numbers["record_bytes"], numbers.get("compression", "none")
    name = f"{action}-{size}-{compression}-{measured.name}".replace(" ", "-").lower()
    task = {
        "action": action,
        "count": numbers["count"],
        "record_bytes": size,
        "compression": compression,
    }
    topics = [fabric.create_topic(name)]
    topics.append(fabric.create_topic(f"{name}-control") if action == "produce" else topics[0])
    compressed = "" if compression == "none" else f", {compression}"
    return Scenario(
        title=f"{title} {size} B{compressed}{', acks=all' if action == 'produce' else ''}",
        unit="events",
        servers=(BROKER, JUDGE),
        measured=Leg(name=measured.name, client="kafka", task={**task, **measured.task, "topic": topics[0]}),
        control=Leg(name=control.name, client="kafka", task={**task, **control.task, "topic": topics[1]}),
    )


def _filled(fabric: RunningFabric, scenario: Scenario) -> Scenario:
    task = {**scenario.control.task, **_plain(fabric).task, "action": "produce"}
    with Worker("kafka", task) as filling:
        filling.round()
    return scenario


def _iam(fabric: RunningFabric) -> Leg:
    signed: dict[str, Any] = {
        "bootstrap_servers": f"localhost:{fabric.node.client_port}",
        "ca_file": str(fabric.ca_file),
        "key": fabric.key,
    }
    return Leg(name=IAM, client="kafka", task=signed)


def _tls(fabric: RunningFabric) -> Leg:
    return Leg(name=TLS, client="kafka", task={"settings": fabric.node.tls})


def _plain(fabric: RunningFabric) -> Leg:
    return Leg(name=PLAIN, client="kafka", task={"settings": fabric.node.plain})


SCENARIOS: dict[str, Callable[[RunningFabric, Numbers], Scenario]] = {
    "produce_1kb": _produce,
    "produce_1kb_lz4": _produce,
    "produce_100b": _produce,
    "produce_100b_lz4": _produce,
    "consume_1kb": _consume,
    "consume_1kb_lz4": _consume,
    "consume_100b": _consume,
    "consume_100b_lz4": _consume,
    "produce_1kb_tls": _produce_tls,
    "consume_1kb_tls": _consume_tls,
    "java_produce_1kb": _java,
    "connect": _connect,
}

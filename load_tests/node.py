"""A broker of the benchmarks' own beside the fabric's: its settings and judge, and the controls' listeners.

``TLS`` has the client listener's TLS settings, but neither SASL nor decisions; ``PLAIN`` has nothing at all.
Both are on loopback and live for one run.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from load_tests.errors import BenchmarkError
from octopus.fabric.processes import secret_file
from octopus.fabric.settings import FabricSettings, project_root
from tests.ports import free_ports

_UP_SECONDS = 60
_CLUSTER_ID = "b2N0b3B1cy1iZW5jaG1hcg"
_SOURCE = project_root() / "service_src" / "broker"


@dataclass(frozen=True, kw_only=True)
class Node:
    """A running broker."""

    pid: int
    client_port: int
    """IAM over TLS, as the fabric's own client listener."""
    tls_port: int
    plain_port: int
    ca_file: Path
    inner: dict[str, Any] = field(repr=False)
    """librdkafka's settings of one of the cluster's own."""

    @property
    def tls(self) -> dict[str, Any]:
        """librdkafka's settings for TLS alone."""
        return {
            "bootstrap.servers": f"localhost:{self.tls_port}",
            "security.protocol": "SSL",
            "ssl.ca.location": str(self.ca_file),
        }

    @property
    def plain(self) -> dict[str, Any]:
        """librdkafka's settings without anything."""
        return {"bootstrap.servers": f"127.0.0.1:{self.plain_port}"}

    def create_topic(self, name: str) -> str:
        """Make a topic of one partition; returns its name."""
        admin = AdminClient(self.inner)
        admin.create_topics([NewTopic(name, 1, 1)])[name].result(30)
        return name


@contextmanager
def running_node(settings: FabricSettings) -> Iterator[Node]:
    """Start a node with the fabric's certificate and judge; it is always stopped.

    Raises:
        BenchmarkError: it did not come up.
    """
    home = settings.home / "node"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    client, inner, controller, tls, plain = free_ports(5)
    (home / "server.properties").write_text(
        _properties(
            settings,
            home,
            {"CLIENT": client, "INTERNAL": inner, "CONTROLLER": controller, "TLS": tls, "PLAIN": plain},
        )
    )
    (home / "server.properties").chmod(0o600)
    java = ["java", "-XX:-UsePerfData", f"-Djava.io.tmpdir={home}", "-cp", _class_path()]
    storage = [*java, "kafka.tools.StorageTool", "format", "--cluster-id", _CLUSTER_ID]
    configured = ["--config", str(home / "server.properties")]
    subprocess.run([*storage, *configured], check=True, capture_output=True)  # noqa: S603 - our own command
    with (home / "broker.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [
                *java,
                *("-Xmx512m", "-Xms512m", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20"),
                f"-Dlog4j2.configurationFile={_SOURCE / 'config' / 'log4j2.properties'}",
                f"-Doctopus.audit.file={home / 'audit.log'}",
                *("kafka.Kafka", str(home / "server.properties")),
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        node = Node(
            pid=process.pid,
            client_port=client,
            tls_port=tls,
            plain_port=plain,
            ca_file=settings.home / "tls" / "ca.pem",
            inner={
                "bootstrap.servers": f"127.0.0.1:{inner}",
                "security.protocol": "SASL_PLAINTEXT",
                "sasl.mechanisms": "PLAIN",
                "sasl.username": "octopus-broker",
                "sasl.password": secret_file(settings, "broker").read_text(),
            },
        )
        _await(process, node, home / "broker.log")
        yield node
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=30)
        finally:
            process.kill()


def _properties(settings: FabricSettings, home: Path, ports: dict[str, int]) -> str:
    """The fabric's own, with other places and two more listeners."""
    lines = (settings.home / "kafka" / "server.properties").read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    tls = {
        name.replace(".client.", ".tls.", 1): value
        for name, value in given.items()
        if name.startswith("listener.name.client.ssl.") and not name.endswith("engine.factory.class")
    }
    addresses = {name: f"{name}://127.0.0.1:{port}" for name, port in ports.items()}
    protocols = given["listener.security.protocol.map"]
    given |= tls | {
        "log.dirs": str(home / "data"),
        "controller.quorum.voters": f"1@127.0.0.1:{ports['CONTROLLER']}",
        "listeners": ",".join(addresses.values()),
        "advertised.listeners": ",".join(addresses.values()),
        "listener.security.protocol.map": f"{protocols},TLS:SSL,PLAIN:PLAINTEXT",
        "octopus.metrics.port": "0",
        "authorizer.class.name": "org.octopus.broker.bench.UnjudgedListeners",
        "principal.builder.class": "org.octopus.broker.bench.UnjudgedPrincipals",
    }
    return "".join(f"{name}={value}\n" for name, value in given.items())


def _class_path() -> str:
    target = _SOURCE / "target"
    return f"{target / 'octopus-broker.jar'}:{target / 'test-classes'}:{target / 'kafka' / 'libs'}/*"


def _await(process: subprocess.Popen[bytes], node: Node, log: Path) -> None:
    def answers() -> bool:
        if process.poll() is not None:
            raise BenchmarkError(f"The broker for the benchmarks ended: {log}")
        return bool(_brokers(node))

    attempts = Retrying(
        retry=retry_if_result(lambda up: not up), wait=wait_fixed(0.5), stop=stop_after_delay(_UP_SECONDS)
    )
    attempts(answers)


def _brokers(node: Node) -> int:
    admin = AdminClient({**node.plain, "log_level": 0})
    try:
        return len(admin.list_topics(timeout=2).brokers)
    except Exception:  # noqa: BLE001 - librdkafka's one exception says only that it is not there yet
        return 0

"""An institution's own Kafka: three nodes, without the plugin, then with what docs/own-kafka.md says."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from octopus.fabric.certificates import ensure_certificates
from octopus.fabric.supervision import wait_until
from tests.integration.judge.institution import CLUSTER_ARN
from tests.ports import free_ports

ROOT = Path(__file__).parents[3]
LOGGING = ROOT / "service_src" / "broker" / "config" / "log4j2.properties"
BROKERS_USER = "kafka"
NODES = (1, 2, 3)
SECONDS = 240
_CLUSTER_ID = "b3duLWthZmthLWluLXRlcw"


def built(version: str) -> Path:
    """The folder with the plugin built against a version of Kafka, and that Kafka."""
    folder = ROOT / ".cache" / "broker" / version
    subprocess.run([ROOT / "scripts" / "build-broker", version, folder], check=True, timeout=1200)
    return folder


@dataclass(frozen=True)
class Judge:
    """How the brokers reach the judge."""

    url: str
    ca_file: Path
    secret_file: Path


@dataclass
class _Node:
    number: int
    folder: Path
    client_port: int
    inner_port: int
    controller_port: int
    metrics_port: int
    process: subprocess.Popen[bytes] | None = None


@dataclass
class OwnKafka:
    """Three nodes, each broker and controller, which know one another by PLAIN.

    Attributes:
        home: folder for all that they write.
        judge: whom the plugin asks.
    """

    home: Path
    judge: Judge
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)

    def __post_init__(self) -> None:
        ports = iter(free_ports(4 * len(NODES)))
        self._nodes = {
            number: _Node(
                number,
                self.home / f"node-{number}",
                client_port=next(ports),
                inner_port=next(ports),
                controller_port=next(ports),
                metrics_port=next(ports),
            )
            for number in NODES
        }
        ensure_certificates(self.home / "tls")

    @property
    def ca_file(self) -> Path:
        """Who signed the brokers' certificate."""
        return self.home / "tls" / "ca.pem"

    @property
    def bootstrap_servers(self) -> str:
        """The client listeners, once the plugin is in."""
        return ",".join(f"127.0.0.1:{node.client_port}" for node in self._nodes.values())

    @property
    def inner(self) -> dict[str, Any]:
        """Settings of a client that is one of the cluster's own."""
        return {
            "bootstrap.servers": ",".join(f"127.0.0.1:{node.inner_port}" for node in self._nodes.values()),
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": "PLAIN",
            "sasl.username": BROKERS_USER,
            "sasl.password": self.secret,
            "reconnect.backoff.max.ms": 500,
            "log_level": 0,  # nodes that are not there are what we do here
        }

    def start(self, kafka: Path, *, plugin: Path | None) -> None:
        """Start all three, formatted when they are new.

        Args:
            kafka: as `built` returns it; its ``kafka/libs`` are run.
            plugin: the same or another, whose plugin is installed; None for Kafka alone.
        """
        for node in self._nodes.values():
            self._install(node, plugin)
            if not (node.folder / "data").exists():
                self._format(node, kafka)
        for node in self._nodes.values():
            self._run(node, kafka)
        self.await_in_sync()

    def roll(self, kafka: Path, *, plugin: Path | None) -> None:
        """The four steps of docs/own-kafka.md, node by node: arguments as for `start`."""
        for node in self._nodes.values():
            self.await_in_sync()
            self._stop(node)
            self._install(node, plugin)
            self._run(node, kafka)
        self.await_in_sync()

    def await_in_sync(self) -> None:
        """Wait until all three are there and every partition has all its replicas."""
        admin = AdminClient(self.inner)

        def whole() -> bool:
            for node in self._nodes.values():
                assert node.process is not None
                assert node.process.poll() is None, self.log(node.number)[-3000:]
            try:
                metadata = admin.list_topics(timeout=5)
            except KafkaException:
                return False
            partitions = [part for topic in metadata.topics.values() for part in topic.partitions.values()]
            return len(metadata.brokers) == len(NODES) and all(
                len(partition.isrs) == len(partition.replicas) for partition in partitions
            )

        wait_until(whole, seconds=SECONDS, what="three nodes in sync", interval=0.3)

    def make_topic(self, name: str) -> None:
        """A topic of one partition on all three."""
        admin = AdminClient(self.inner)  # its answer comes for as long as it is held
        (made,) = admin.create_topics([NewTopic(name, 1, len(NODES))]).values()
        made.result(timeout=60)

    def log(self, number: int) -> str:
        """What a node has written since its last start."""
        return (self._nodes[number].folder / "kafka.log").read_text()

    def audit(self) -> str:
        """The decisions of all nodes."""
        files = [node.folder / "audit.log" for node in self._nodes.values()]
        return "".join(file.read_text() for file in files if file.exists())

    def close(self) -> None:
        """End all, at once and for good: a clean stop needs a majority, which the last ones do not have."""
        running = [node.process for node in self._nodes.values() if node.process is not None]
        for process in running:
            process.kill()
        for process in running:
            process.wait()

    def _stop(self, node: _Node) -> None:
        assert node.process is not None
        node.process.send_signal(signal.SIGTERM)
        try:
            node.process.wait(timeout=SECONDS)
        finally:
            node.process.kill()
            node.process.wait()
            node.process = None

    def _install(self, node: _Node, plugin: Path | None) -> None:
        node.folder.mkdir(exist_ok=True)
        properties = self._before(node)
        jar = node.folder / "octopus-broker.jar"
        jar.unlink(missing_ok=True)
        if plugin is not None:
            properties |= self._documented(node, properties)
            shutil.copy(plugin / "octopus-broker.jar", jar)
        (node.folder / "server.properties").write_text(
            "".join(f"{name}={value}\n" for name, value in properties.items())
        )

    def _before(self, node: _Node) -> dict[str, str]:
        """A node of an institution that has not heard of IAM."""
        listeners = f"INNER://127.0.0.1:{node.inner_port},CONTROLLER://127.0.0.1:{node.controller_port}"
        login = (
            "org.apache.kafka.common.security.plain.PlainLoginModule required "
            f'username="{BROKERS_USER}" password="{self.secret}" user_{BROKERS_USER}="{self.secret}";'
        )
        voters = [f"{voter.number}@127.0.0.1:{voter.controller_port}" for voter in self._nodes.values()]
        return {
            "process.roles": "broker,controller",
            "node.id": str(node.number),
            "log.dirs": str(node.folder / "data"),
            "controller.quorum.voters": ",".join(voters),
            "listeners": listeners,
            "advertised.listeners": listeners,
            "listener.security.protocol.map": "INNER:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT",
            "inter.broker.listener.name": "INNER",
            "controller.listener.names": "CONTROLLER",
            "sasl.enabled.mechanisms": "PLAIN",
            "listener.name.inner.plain.sasl.jaas.config": login,
            "listener.name.controller.plain.sasl.jaas.config": login,
            "sasl.mechanism.inter.broker.protocol": "PLAIN",
            "sasl.mechanism.controller.protocol": "PLAIN",
            "default.replication.factor": "3",
            "min.insync.replicas": "2",
            "offsets.topic.replication.factor": "3",
            "offsets.topic.num.partitions": "4",
            "transaction.state.log.replication.factor": "3",
            "transaction.state.log.min.isr": "2",
            "group.initial.rebalance.delay.ms": "0",
        }

    def _documented(self, node: _Node, before: dict[str, str]) -> dict[str, str]:
        """What docs/own-kafka.md adds, with this institution's values for what it leaves open."""
        (text,) = re.findall(r"```properties\n(.*?)```", (ROOT / "docs" / "own-kafka.md").read_text(), re.S)
        values = {
            "<listeners so far>": before["listeners"],
            "<advertised listeners so far>": before["advertised.listeners"],
            "<map so far>": before["listener.security.protocol.map"],
            "CLIENT://:<port>": f"CLIENT://127.0.0.1:{node.client_port}",
            "<port>": str(node.client_port),
            "<name of this broker>": "127.0.0.1",
            "<key, certificate and chain in one PEM file>": str(self.home / "tls" / "broker.pem"),
            "<user that your brokers are among themselves>": BROKERS_USER,
            "<cluster ARN>": CLUSTER_ARN,
            "<https://name of the judge:8201>": self.judge.url,
            "<PEM of the authority that signed the judge's certificate>": str(self.judge.ca_file),
            "<port of its own on loopback>": str(node.metrics_port),
            "<judge.secret>": str(self.judge.secret_file),
        }
        for placeholder, value in values.items():
            assert placeholder in text, placeholder
            text = text.replace(placeholder, value)
        assert "<" not in text
        lines = [line for line in text.splitlines() if line and not line.startswith("#")]
        return dict(line.split("=", 1) for line in lines)

    def _format(self, node: _Node, kafka: Path) -> None:
        tool = ("kafka.tools.StorageTool", "format", "--cluster-id", _CLUSTER_ID)
        subprocess.run(
            [
                *("java", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-Xmx128m"),
                *("-cp", self._class_path(node, kafka), *tool),
                *("--config", str(node.folder / "server.properties")),
            ],
            check=True,
            capture_output=True,
            timeout=SECONDS,
        )

    def _run(self, node: _Node, kafka: Path) -> None:
        with (node.folder / "kafka.log").open("wb") as log:
            node.process = subprocess.Popen(
                [
                    *("java", "-Xmx512m", "-XX:-UsePerfData", f"-Djava.io.tmpdir={self.home}"),
                    *("-cp", self._class_path(node, kafka), f"-Dlog4j2.configurationFile={LOGGING}"),
                    f"-Doctopus.audit.file={node.folder / 'audit.log'}",
                    *("kafka.Kafka", str(node.folder / "server.properties")),
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=node.folder,
            )

    @staticmethod
    def _class_path(node: _Node, kafka: Path) -> str:
        return os.pathsep.join([str(kafka / "kafka" / "libs" / "*"), str(node.folder / "octopus-broker.jar")])

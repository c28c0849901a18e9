"""A real Kafka node of a test's own, with the built plugin."""

from __future__ import annotations

import secrets
import signal
import string
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from octopus.fabric.certificates import ensure_certificates
from tests.patience import PATIENCE_S
from tests.ports import free_ports

BROKER = Path(__file__).parents[3] / "service_src" / "broker"
CLASS_PATH = f"{BROKER}/target/octopus-broker.jar:{BROKER}/target/kafka/libs/*"
CLUSTER_ARN = "arn:aws:kafka:us-east-1:000000000000:cluster/octopus-test/6f1e7a52-0000-4000-8000-000000000001"


def arn(kind: str, name: str) -> str:
    """The ARN of a ``topic``, ``group`` or ``transactional-id`` of the tests' cluster."""
    return f"{CLUSTER_ARN.replace(':cluster/', f':{kind}/')}/{name}"


@dataclass(frozen=True)
class Node:
    """A running node.

    Attributes:
        bootstrap_servers: its listener for clients.
        inner: settings of a client that is one of the cluster's own.
        ca_file: who signed its certificate.
        audit_file: where it writes decisions.
        log_file: everything else that it writes.
        metrics_url: where its counts are read.
    """

    bootstrap_servers: str
    inner: dict[str, Any]
    ca_file: Path
    audit_file: Path
    log_file: Path
    metrics_url: str
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """Stop it cleanly."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=PATIENCE_S)
        finally:
            self.process.kill()


def start(
    home: Path, *, judge_url: str, judge_secret: str, overrides: dict[str, str], class_path: str = CLASS_PATH
) -> Node:
    """Format and start a node under ``home``; its process is up, its listeners maybe not yet.

    Args:
        overrides: settings that take the place of the template's, so that a test need not wait.
        class_path: the node's own, which may hold more than what ships.
    """
    client_port, inner_port, controller_port, metrics_port = free_ports(4)
    ensure_certificates(home / "tls")
    secret_file = home / "judge.secret"
    secret_file.write_text(judge_secret)
    inner_secret = secrets.token_urlsafe(24)
    template = string.Template((BROKER / "config" / "server.properties.template").read_text())
    lines = template.substitute(
        node_id=1,
        data_dir=home / "data",
        client_host="127.0.0.1",
        client_port=client_port,
        inner_port=inner_port,
        controller_port=controller_port,
        voters=f"1@127.0.0.1:{controller_port}",
        replication_factor=1,
        min_insync_replicas=1,
        keystore_file=home / "tls" / "broker.pem",
        inner_secret=inner_secret,
        cluster_arn=CLUSTER_ARN,
        judge_url=judge_url,
        judge_secret_file=secret_file,
        metrics_port=metrics_port,
    ).splitlines()
    kept = [line for line in lines if line.split("=")[0] not in overrides]
    properties = home / "server.properties"
    properties.write_text("\n".join(kept + [f"{name}={value}" for name, value in overrides.items()]))
    _format(properties, class_path)
    process = _run(home, properties, class_path)
    return Node(
        bootstrap_servers=f"127.0.0.1:{client_port}",
        inner={
            "bootstrap.servers": f"127.0.0.1:{inner_port}",
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanisms": "PLAIN",
            "sasl.username": "octopus-broker",
            "sasl.password": inner_secret,
        },
        ca_file=home / "tls" / "ca.pem",
        audit_file=home / "audit.log",
        log_file=home / "broker.log",
        metrics_url=f"http://127.0.0.1:{metrics_port}/metrics",
        process=process,
    )


def _format(properties: Path, class_path: str) -> None:
    subprocess.run(
        [
            *("java", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-Xmx128m", "-cp", class_path),
            *("kafka.tools.StorageTool", "format"),
            *("--cluster-id", "b2N0b3B1cy1pbi1hLXRlcw", "--config", str(properties)),
        ],
        check=True,
        capture_output=True,
    )


def _run(home: Path, properties: Path, class_path: str) -> subprocess.Popen[bytes]:
    with (home / "broker.log").open("wb") as log:
        return subprocess.Popen(
            [
                # For a broker that lives for minutes the second compiler and G1's threads never pay.
                *("java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx512m", "-XX:-UsePerfData"),
                *("-cp", class_path),
                f"-Dlog4j2.configurationFile={BROKER / 'config' / 'log4j2.properties'}",
                f"-Doctopus.audit.file={home / 'audit.log'}",
                *("kafka.Kafka", str(properties)),
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=home,
        )

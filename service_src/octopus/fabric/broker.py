"""The Kafka brokers of one machine: their properties, their storage, their command lines."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import uuid
from pathlib import Path
from string import Template

from octopus.fabric.errors import FabricError
from octopus.fabric.settings import BrokerNode, FabricSettings, project_root

INNER_USER = "octopus-broker"
"""Kafka's PLAIN user that the brokers are among themselves."""
_HEAP = "512m"
_FORMAT_SECONDS = 180


def prepare_brokers(
    settings: FabricSettings, *, cluster_arn: str, inner_secret: str, judge_secret: Path
) -> None:
    """Write each broker's properties, and format its storage when there is none yet.

    Raises:
        FabricError: the plugin was not built, or the storage could not be formatted.
    """
    template = Template((_source() / "config" / "server.properties.template").read_text())
    nodes = settings.nodes
    for node in nodes:
        properties = _properties(settings, node)
        properties.parent.mkdir(parents=True, exist_ok=True)
        properties.touch(mode=0o600)
        properties.write_text(
            template.substitute(
                node_id=node.number,
                data_dir=_data(settings, node),
                client_host="127.0.0.1",
                client_port=node.client_port,
                inner_port=node.inner_port,
                controller_port=node.controller_port,
                voters=",".join(f"{voter.number}@127.0.0.1:{voter.controller_port}" for voter in nodes),
                replication_factor=settings.replication_factor,
                min_insync_replicas=max(1, settings.replication_factor - 1),
                keystore_file=settings.home / "tls" / "broker.pem",
                inner_secret=inner_secret,
                judge_url=settings.judge_url,
                judge_secret_file=judge_secret,
                cluster_arn=cluster_arn,
                metrics_port=node.metrics_port,
            )
        )
    cluster_id = _cluster_id(settings)
    for node in nodes:
        if not _meta(settings, node).is_file():
            _format(settings, node, cluster_id)


def broker_command(settings: FabricSettings, node: BrokerNode) -> list[str]:
    """A broker's command line."""
    return [
        *_java(settings.home, f"-Xmx{_HEAP}", f"-Xms{_HEAP}", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20"),
        f"-Dlog4j2.configurationFile={_source() / 'config' / 'log4j2.properties'}",
        f"-Doctopus.audit.file={audit_log(settings, node)}",
        "kafka.Kafka",
        str(_properties(settings, node)),
    ]


def audit_log(settings: FabricSettings, node: BrokerNode) -> Path:
    """Where a broker writes its decisions down."""
    return settings.home / "log" / f"audit{node.suffix}.log"


def check_broker_count(settings: FabricSettings) -> None:
    """Make sure that Kafka was made of as many brokers as are wanted now, if it was made already.

    Raises:
        FabricError: it was not; the way out stands in it.
    """
    made = settings.remembered_brokers
    if made != settings.brokers and any(_meta(settings, node).is_file() for node in settings.nodes):
        raise FabricError(
            f"brokers is {settings.brokers}, but Kafka was made of {made} here, which cannot be changed "
            f"afterwards: `octopus reset` deletes it with all its topics, then `octopus up --brokers "
            f"{settings.brokers}` makes it anew; or choose another OCTOPUS_HOME."
        )


def _cluster_id(settings: FabricSettings) -> str:
    """Kafka's name of the cluster: what the brokers that are formatted already bear, else a new one."""
    for node in settings.nodes:
        if _meta(settings, node).is_file():
            lines = _meta(settings, node).read_text().splitlines()
            return dict(line.split("=", 1) for line in lines if "=" in line)["cluster.id"]
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A")


def _format(settings: FabricSettings, node: BrokerNode, cluster_id: str) -> None:
    command = [
        *_java(settings.home, "-XX:TieredStopAtLevel=1"),
        *("kafka.tools.StorageTool", "format"),
        *("--cluster-id", cluster_id, "--config", str(_properties(settings, node))),
    ]
    done = subprocess.run(  # noqa: S603 - our own command line
        command, capture_output=True, text=True, timeout=_FORMAT_SECONDS, check=False
    )
    if done.returncode != 0:
        raise FabricError(f"Kafka's storage could not be formatted:\n{done.stdout}{done.stderr}")


def _java(state: Path, *options: str) -> list[str]:
    java_home = os.environ.get("JAVA_HOME")
    java = str(Path(java_home) / "bin" / "java") if java_home else shutil.which("java")
    if java is None:
        raise FabricError("There is no java on the PATH: install a JDK, 17 or later, or set JAVA_HOME.")
    target = _source() / "target"
    plugin = target / "octopus-broker.jar"
    if not plugin.is_file():
        raise FabricError(f"The broker plugin was not built ({plugin} is missing): run `make setup`.")
    class_path = os.pathsep.join([str(target / "kafka" / "libs" / "*"), str(plugin)])
    # Java asks no TMPDIR where to unpack its native libraries, and its performance data go to /tmp anyway.
    inside = [f"-Djava.io.tmpdir={state / 'tmp'}", "-XX:-UsePerfData"]
    return [java, *options, *inside, "-cp", class_path]


def _properties(settings: FabricSettings, node: BrokerNode) -> Path:
    return _folder(settings, node) / "server.properties"


def _data(settings: FabricSettings, node: BrokerNode) -> Path:
    return _folder(settings, node) / "data"


def _meta(settings: FabricSettings, node: BrokerNode) -> Path:
    return _data(settings, node) / "meta.properties"


def _folder(settings: FabricSettings, node: BrokerNode) -> Path:
    return settings.home / f"kafka{node.suffix}"


def _source() -> Path:
    return project_root() / "service_src" / "broker"

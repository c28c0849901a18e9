"""The Kafka broker of one machine: its properties, its storage, its command line."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import uuid
from pathlib import Path
from string import Template

from octopus.fabric.errors import FabricError
from octopus.fabric.settings import FabricSettings, project_root

_HEAP = "512m"


def prepare_broker(
    settings: FabricSettings, *, cluster_arn: str, inner_secret: str, judge_secret: Path
) -> None:
    """Write the broker's properties, and format its storage when there is none yet.

    Raises:
        FabricError: the plugin was not built, or the storage could not be formatted.
    """
    home = settings.home / "kafka"
    home.mkdir(parents=True, exist_ok=True)
    template = (_source() / "config" / "server.properties.template").read_text()
    properties = _properties(settings)
    properties.touch(mode=0o600)
    properties.write_text(
        Template(template).substitute(
            node_id=1,
            data_dir=home / "data",
            client_host="127.0.0.1",
            client_port=settings.kafka_port,
            inner_port=settings.kafka_inner_port,
            controller_port=settings.kafka_controller_port,
            keystore_file=settings.home / "tls" / "broker.pem",
            inner_secret=inner_secret,
            judge_url=settings.judge_url,
            judge_secret_file=judge_secret,
            cluster_arn=cluster_arn,
        )
    )
    if not (home / "data" / "meta.properties").is_file():
        _format(settings)


def broker_command(settings: FabricSettings) -> list[str]:
    """The broker's command line."""
    log = settings.home / "log"
    return [
        *_java(settings.home, f"-Xmx{_HEAP}", f"-Xms{_HEAP}", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20"),
        f"-Dlog4j2.configurationFile={_source() / 'config' / 'log4j2.properties'}",
        f"-Doctopus.audit.file={log / 'audit.log'}",
        "kafka.Kafka",
        str(_properties(settings)),
    ]


def _format(settings: FabricSettings) -> None:
    cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A")
    command = [
        *_java(settings.home, "-XX:TieredStopAtLevel=1"),
        "kafka.tools.StorageTool",
        "format",
        "--standalone",
        "--cluster-id",
        cluster_id,
        "--config",
        str(_properties(settings)),
    ]
    done = subprocess.run(  # noqa: S603 - our own command line
        command, capture_output=True, text=True, timeout=60, check=False
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


def _properties(settings: FabricSettings) -> Path:
    return settings.home / "kafka" / "server.properties"


def _source() -> Path:
    return project_root() / "service_src" / "broker"

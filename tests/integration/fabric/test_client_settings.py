"""What `octopus config` prints, run as it is printed, each in the environment of its client."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import boto3
import pytest
from confluent_kafka.admin import AdminClient

from octopus.clients.snippets import TOOLS
from octopus.kafka.client import client_settings
from tests.integration.fabric.conftest import ROOT, RunningFabric
from tests.patience import PATIENCE_S, patiently

OWNER = "configurer"
EVERYBODYS = {"octopus.heartbeat"}
"""Topics that whoever has an account may read."""
CLIENTS = ROOT / "tests" / "integration" / "clients"
CLIENTS_PYTHON = ROOT / ".venv-clients" / "bin" / "python"
JAVA_CLASS_PATH = f"{CLIENTS / 'java' / 'target' / 'libs'}/*"
KAFKA_TOOLS = {
    "kafka-topics.sh": "org.apache.kafka.tools.TopicCommand",
    "kafka-console-producer.sh": "org.apache.kafka.tools.ConsoleProducer",
    "kafka-console-consumer.sh": "org.apache.kafka.tools.consumer.ConsoleConsumer",
    "kafka-consumer-groups.sh": "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
}


@cache
def _topic(fabric: RunningFabric) -> str:
    """The topic of the examples."""
    fabric.octopus("topic", "create", "readings", "--as", OWNER)
    (namespace,) = fabric.octopus("topic", "list", "--as", OWNER)["namespaces"]
    return f"{namespace}.readings"


@cache
def _printed(fabric: RunningFabric, tool: str, *options: str) -> str:
    done = fabric.command("config", tool, "--as", OWNER, *options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _run(command: Sequence[str | Path], folder: Path, environment: Mapping[str, str] | None = None) -> str:
    """What a command prints, in a shell that knows nothing of the project."""
    plain = {"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder)}
    done = subprocess.run(
        command,
        cwd=folder,
        env={**plain, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _profile(fabric: RunningFabric, folder: Path) -> dict[str, str]:
    """The AWS profile that `octopus config aws` prints, as AWS's tools are pointed at it."""
    file = folder / "aws-config"
    file.write_text(_printed(fabric, "aws", "--with-secrets"))
    return {"AWS_CONFIG_FILE": str(file), "AWS_PROFILE": "octopus", "AWS_EC2_METADATA_DISABLED": "true"}


@pytest.mark.parametrize(
    ("tool", "command"),
    [
        ("python", [ROOT / ".venv" / "bin" / "python"]),
        ("kafka-python", [CLIENTS_PYTHON]),
        ("aiokafka", [CLIENTS_PYTHON]),
        ("kafkajs", ["node"]),
    ],
)
def test_program_lists_its_owners_topics_with_the_printed_profile(
    fabric: RunningFabric, tmp_path: Path, tool: str, command: list[str | Path]
) -> None:
    topic = _topic(fabric)
    script = tmp_path / TOOLS[tool].file
    script.write_text(_printed(fabric, tool))
    environment = {**_profile(fabric, tmp_path), "NODE_PATH": str(CLIENTS / "js" / "node_modules")}
    assert set(_run([*command, script], tmp_path, environment).split()) - EVERYBODYS == {topic}


def test_program_with_secrets_needs_nothing_else(fabric: RunningFabric, tmp_path: Path) -> None:
    topic = _topic(fabric)
    script = tmp_path / "settings.py"
    script.write_text(_printed(fabric, "python", "--with-secrets"))
    assert set(_run([ROOT / ".venv" / "bin" / "python", script], tmp_path).split()) - EVERYBODYS == {topic}


def test_librdkafka_works_with_the_properties_and_a_callback(
    fabric: RunningFabric, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = _topic(fabric)
    for name, value in _profile(fabric, tmp_path).items():
        monkeypatch.setenv(name, value)
    lines = [line for line in _printed(fabric, "librdkafka").splitlines() if not line.startswith("#")]
    settings = dict(line.split("=", 1) for line in lines)
    sign = client_settings(bootstrap_servers="")["oauth_cb"]
    admin = AdminClient({**settings, "oauth_cb": sign})
    listed = patiently(lambda: admin.list_topics(timeout=PATIENCE_S)).topics
    assert set(listed) - EVERYBODYS == {topic}


def test_aws_profile_gets_its_key_from_the_command(fabric: RunningFabric, tmp_path: Path) -> None:
    file = tmp_path / "aws-config"
    file.write_text(_printed(fabric, "aws"))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_CONFIG_FILE", str(file))
        found = boto3.Session(profile_name="octopus").get_credentials()
        assert found is not None
        session = found.get_frozen_credentials()
    assert session.token
    listed = fabric.octopus("key", "list", "--as", OWNER)["keys"]
    assert session.access_key in [key["access_key"] for key in listed]


@pytest.mark.long
def test_console_tools_run_the_printed_script(fabric: RunningFabric, tmp_path: Path) -> None:
    topic = _topic(fabric)
    script = tmp_path / "console.sh"
    script.write_text(_printed(fabric, "console", "--with-secrets"))
    printed = _run(["bash", "-eu", script], tmp_path, _kafka_tools(tmp_path))
    assert topic in printed
    assert "from the console" in printed
    assert topic.replace(".readings", ".readers") in printed


@pytest.mark.long
@pytest.mark.parametrize("tool", ["java", "java-oauthbearer"])
def test_java_takes_the_properties_as_they_are(fabric: RunningFabric, tmp_path: Path, tool: str) -> None:
    topic = _topic(fabric)
    file = tmp_path / TOOLS[tool].file
    file.write_text(_printed(fabric, tool))
    servers = dict(line.split("=", 1) for line in file.read_text().splitlines() if not line.startswith("#"))
    environment = {**_profile(fabric, tmp_path), **_kafka_tools(tmp_path)}
    list_topics: list[str | Path] = [tmp_path / "bin" / "kafka-topics.sh", "--list", "--command-config", file]
    printed = _run([*list_topics, "--bootstrap-server", servers["bootstrap.servers"]], tmp_path, environment)
    assert set(printed.split()) - EVERYBODYS == {topic}


def _kafka_tools(folder: Path) -> dict[str, str]:
    """Kafka's scripts, which come with its download and not with its jars, on a path of their own."""
    scripts = folder / "bin"
    scripts.mkdir()
    for name, main in KAFKA_TOOLS.items():
        java = "java -XX:TieredStopAtLevel=1 -XX:-UsePerfData -Dorg.slf4j.simpleLogger.defaultLogLevel=error"
        (scripts / name).write_text(f'#!/bin/sh\nexec {java} {main} "$@"\n')
        (scripts / name).chmod(0o755)
    return {"PATH": f"{scripts}:{os.environ['PATH']}", "CLASSPATH": JAVA_CLASS_PATH}

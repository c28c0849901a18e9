"""The processes of a fabric on one machine: how each is started, and how one sees that it is ready."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from octopus.fabric import cluster
from octopus.fabric.broker import audit_log, broker_command
from octopus.fabric.deployment import plain_environment
from octopus.fabric.platform_keys import credentials_file
from octopus.fabric.settings import REGION, FabricSettings, project_root
from octopus.fabric.supervision import MARKER, Program
from octopus.parameters import as_environment
from octopus.settings import DeployedSettings

EMULATOR, GLOBUS, JUDGE, SERVICE, HEARTBEAT = "emulator", "globus", "judge", "service", "heartbeat"


def titles(settings: FabricSettings) -> dict[str, str]:
    """What each process is called in a sentence, by its name, in the order in which they start."""
    several = settings.brokers > 1
    return {
        EMULATOR: "AWS emulator",
        **({GLOBUS: "Globus stand-in"} if settings.stand_in else {}),
        JUDGE: "judge",
        **{node.name: f"Kafka broker{f' {node.number}' if several else ''}" for node in settings.nodes},
        SERVICE: "web service",
        HEARTBEAT: "heartbeat",
    }


def ports(settings: FabricSettings) -> dict[str, list[tuple[int, str]]]:
    """The ports of each process and the variable that sets each; the first broker's sets the others' too."""
    return {
        EMULATOR: [(settings.aws_port, "OCTOPUS_AWS_PORT")],
        **({GLOBUS: [(settings.globus_port, "OCTOPUS_GLOBUS_PORT")]} if settings.stand_in else {}),
        JUDGE: [
            (settings.judge_port, "OCTOPUS_JUDGE_PORT"),
            (settings.judge_metrics_port, "OCTOPUS_JUDGE_METRICS_PORT"),
        ],
        **{
            node.name: [
                (node.client_port, "OCTOPUS_KAFKA_PORT"),
                (node.inner_port, "OCTOPUS_KAFKA_INNER_PORT"),
                (node.controller_port, "OCTOPUS_KAFKA_CONTROLLER_PORT"),
                (node.metrics_port, "OCTOPUS_BROKER_METRICS_PORT"),
            ]
            for node in settings.nodes
        },
        SERVICE: [
            (settings.service_port, "OCTOPUS_SERVICE_PORT"),
            (settings.service_metrics_port, "OCTOPUS_SERVICE_METRICS_PORT"),
        ],
        HEARTBEAT: [(settings.heartbeat_metrics_port, "OCTOPUS_HEARTBEAT_METRICS_PORT")],
    }


def supervisord_environment(settings: FabricSettings) -> dict[str, str]:
    """What supervisord starts with; its processes add their own."""
    return {**plain_environment(settings.home), MARKER: str(settings.home)}


def first_programs(settings: FabricSettings) -> list[Program]:
    """What runs before anything is deployed: the emulator, and the stand-in unless Globus is real."""
    live = settings.home / "aws" / "live"
    emulator = Program(
        name=EMULATOR,
        command=[str(project_root() / ".venv-emulator" / "bin" / "python"), "-m", "ministack"],
        environment={
            "GATEWAY_PORT": str(settings.aws_port),
            "BIND_HOST": "127.0.0.1",
            "TMPDIR": str(settings.home / "tmp"),
            "PERSIST_STATE": "1",
            "STATE_DIR": str(live / "state"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(live / "s3"),
            "SFTP_ENABLED": "0",
        },
        restart=False,  # its state is written on a clean stop only: a silent restart would set it back
        stop_seconds=30,
    )
    return [emulator, _globus(settings)] if settings.stand_in else [emulator]


def all_programs(settings: FabricSettings, deployed: DeployedSettings) -> list[Program]:
    """Everything, with what the deployment said."""
    told = as_environment(deployed)
    judge = _python(
        JUDGE,
        {
            **_aws_environment(settings, profile=JUDGE),
            **{
                name: told[name]
                for name in (
                    "OCTOPUS_INSTITUTION",
                    "OCTOPUS_CREDENTIALS_TABLE",
                    "OCTOPUS_CREDENTIALS_KEY_ARN",
                    "OCTOPUS_CLUSTER_ARN",
                )
            },
            "OCTOPUS_JUDGE_PORT": str(settings.judge_port),
            "OCTOPUS_METRICS_PORT": str(settings.judge_metrics_port),
            "OCTOPUS_JUDGE_SECRET": secret_file(settings, "judge").read_text(),
        },
    )
    brokers = [
        Program(name=node.name, command=broker_command(settings, node), stop_seconds=30)
        for node in settings.nodes
    ]
    service = _python(
        SERVICE,
        {
            **_aws_environment(settings, profile=SERVICE),
            **told,
            "OCTOPUS_LISTEN_HOST": "localhost",
            "OCTOPUS_LISTEN_PORT": str(settings.service_port),
            "OCTOPUS_METRICS_PORT": str(settings.service_metrics_port),
            "OCTOPUS_KAFKA_CA_FILE": str(settings.home / "tls" / "ca.pem"),
            "OCTOPUS_REPLICATION_FACTOR": str(settings.replication_factor),
            "OCTOPUS_BROKER_AUDIT_LOGS": ",".join(str(audit_log(settings, node)) for node in settings.nodes),
        },
        module="octopus.web",
    )
    heartbeat = _python(
        HEARTBEAT,
        {
            **_aws_environment(settings, profile=HEARTBEAT),
            **told,
            "OCTOPUS_KAFKA_CA_FILE": str(settings.home / "tls" / "ca.pem"),
            "OCTOPUS_METRICS_PORT": str(settings.heartbeat_metrics_port),
            "OCTOPUS_HEARTBEAT_FILE": str(heartbeat_file(settings)),
            "OCTOPUS_JUDGE_URL": settings.judge_url,
        },
    )
    return [*first_programs(settings), judge, *brokers, service, heartbeat]


def ready(settings: FabricSettings, names: Collection[str]) -> set[str]:
    """Those of these processes that do their work: they answer, and a broker holds all that it should."""
    health = {
        EMULATOR: f"{settings.aws_url}/_ministack/health",
        GLOBUS: f"{settings.auth_url}health",
        JUDGE: f"{settings.judge_url}/health",
        SERVICE: f"{settings.service_url}/health/ready",
        HEARTBEAT: f"http://127.0.0.1:{settings.heartbeat_metrics_port}/metrics",
    }
    inner_secret = secret_file(settings, "broker")
    nodes = {node.name: node for node in settings.nodes}

    def does_its_work(name: str) -> bool:
        if name in nodes:
            return cluster.in_sync(nodes[name], inner_secret.read_text())
        return _answers(health[name])

    with ThreadPoolExecutor(max(1, len(names))) as asking:
        return {name for name, yes in zip(names, asking.map(does_its_work, names), strict=True) if yes}


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def secret_file(settings: FabricSettings, name: str) -> Path:
    """A generated secret of this fabric: ``judge``, ``broker`` (between brokers) or ``globus-client``."""
    return settings.home / "secrets" / name


def heartbeat_file(settings: FabricSettings) -> Path:
    """Where the heartbeat writes down what it found last."""
    return settings.home / "heartbeat.json"


def _globus(settings: FabricSettings) -> Program:
    return _python(
        GLOBUS,
        {
            "OCTOPUS_GLOBUS_AUTH_URL": settings.auth_url,
            "OCTOPUS_GLOBUS_PORT": str(settings.globus_port),
            "OCTOPUS_GLOBUS_STORE": str(settings.identity_store),
            "OCTOPUS_GLOBUS_CLIENT_ID": settings.globus_client_id,
            "OCTOPUS_GLOBUS_CLIENT_SECRET_FILE": str(secret_file(settings, "globus-client")),
        },
    )


def _python(name: str, environment: Mapping[str, str], *, module: str | None = None) -> Program:
    command = [sys.executable, "-m", module or f"octopus.{name}"]
    return Program(name=name, command=command, environment=environment)


def _aws_environment(settings: FabricSettings, *, profile: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": settings.aws_url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SHARED_CREDENTIALS_FILE": str(credentials_file(settings)),
        "AWS_CONFIG_FILE": str(settings.home / "aws" / "config"),
        "AWS_PROFILE": profile,
    }

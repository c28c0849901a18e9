"""A fabric of the benchmarks' own: other ports, a state folder in ``.cache``, gone after the run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3

from load_tests.errors import BenchmarkError
from load_tests.legs import BROKER
from load_tests.node import Node, running_node
from octopus.cli.session import Session, open_session
from octopus.fabric.processes import secret_file
from octopus.fabric.settings import INSTITUTION, REGION, FabricSettings, project_root
from tests.ports import free_ports

_PORTS = ("AWS", "GLOBUS", "JUDGE", "KAFKA", "KAFKA_INNER", "KAFKA_CONTROLLER", "SERVICE")
_UP_SECONDS, _DOWN_SECONDS = 150, 60
_FOREIGN = ("OCTOPUS_", "AWS_", "DIASPORA_", "GLOBUS_SDK_", "SSL_CERT_FILE")


@dataclass(frozen=True)
class RunningFabric:
    """What the scenarios need to know of the fabric, and an account on it."""

    settings: FabricSettings
    session: Session = field(repr=False)
    namespace: str
    key: dict[str, Any] = field(repr=False)
    pids: dict[str, int]
    """Process ids by name: ``emulator``, ``globus``, ``judge``, ``service``, and ``broker``: the node's."""
    node: Node
    """The broker that is measured; the fabric's own does nothing meanwhile."""

    def create_topic(self, name: str) -> str:
        """Make a topic of the account on the node; returns its name."""
        return self.node.create_topic(f"{self.namespace}.{name}")

    def another_tenant(self, name: str) -> tuple[str, dict[str, Any]]:
        """Namespace and key of an account of another identity, made on first use."""
        _octopus("env", "--as", name, seconds=30)
        session = open_session(name)
        return session.call("POST", "user")["namespace"], session.call("POST", "key")

    def secret(self, name: str) -> str:
        """A secret of the fabric's state folder: ``broker`` or ``judge``."""
        return secret_file(self.settings, name).read_text()

    @property
    def ca_file(self) -> Path:
        """Authority of the broker's certificate."""
        return self.settings.home / "tls" / "ca.pem"

    @cached_property
    def gateway_path(self) -> str:
        """Path of the deployed API's stage at the emulator."""
        cloudformation = boto3.client(
            "cloudformation",
            endpoint_url=self.settings.aws_url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - the emulator's own
        )
        (stack,) = cloudformation.describe_stacks(StackName=f"octopus-{INSTITUTION}-service")["Stacks"]
        made = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        return f"/restapis/{made['GatewayId']}/{made['GatewayStage']}/_user_request_"


@contextmanager
def running_fabric() -> Iterator[RunningFabric]:
    """A fabric from nothing, always brought down; its state is kept for a look only when the run failed.

    Raises:
        BenchmarkError: it did not come up.
    """
    # What this shell was set up for is another fabric.
    for name in [name for name in os.environ if name.startswith(_FOREIGN) and name != "OCTOPUS_CACHE"]:
        del os.environ[name]
    os.environ["OCTOPUS_HOME"] = str(project_root() / ".cache" / "bench")
    _octopus("reset", "--yes", seconds=_DOWN_SECONDS)
    ports = zip(_PORTS, free_ports(len(_PORTS)), strict=True)
    os.environ.update({f"OCTOPUS_{name}_PORT": str(port) for name, port in ports})
    try:
        _octopus("up", seconds=_UP_SECONDS)
        with running_node(FabricSettings()) as node:
            yield _account(node)
    finally:
        _octopus("down", seconds=_DOWN_SECONDS)
    _octopus("reset", "--yes", seconds=_DOWN_SECONDS)


def _account(node: Node) -> RunningFabric:
    _octopus("env", "--as", "bench", seconds=30)
    session = open_session("bench")
    return RunningFabric(
        settings=FabricSettings(),
        session=session,
        namespace=session.call("POST", "user")["namespace"],
        key=session.call("POST", "key"),
        pids={
            **{each["name"]: each["pid"] for each in _octopus("status", seconds=30)["processes"]},
            BROKER: node.pid,
        },
        node=node,
    )


def _octopus(*arguments: str, seconds: float) -> Any:
    command = [str(Path(sys.executable).with_name("octopus")), *arguments, "--json"]
    done = subprocess.run(  # noqa: S603 - our own command
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=seconds, check=False
    )
    if done.returncode != 0:
        raise BenchmarkError(f"octopus {' '.join(arguments)} failed")
    return json.loads(done.stdout)

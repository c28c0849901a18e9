"""A port that somebody else holds."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from tests.commands import Commands
from tests.integration.fabric.conftest import RunningFabric


def test_taken_port_is_named_with_its_holder(tmp_path: Path, commands: Commands) -> None:
    fabric = RunningFabric(tmp_path / "home", commands)
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        done = fabric.command("up", environment={"OCTOPUS_KAFKA_PORT": str(port)})
    assert done.returncode == 1
    assert f"Port {port} (Kafka broker)" in done.stderr
    assert f"process {os.getpid()}" in done.stderr
    assert "OCTOPUS_KAFKA_PORT" in done.stderr
    assert not (fabric.home / "supervisord.pid").exists()

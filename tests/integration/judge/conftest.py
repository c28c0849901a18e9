"""The judge as a process, before an institution in the emulator."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.judge.gate import Gate
from tests.integration.judge.institution import CLUSTER_ARN, Institution
from tests.integration.judge.plugin import SECRET, Plugin, wait_until
from tests.patience import PATIENCE_S
from tests.ports import free_port


@pytest.fixture(scope="session")
def institution(emulator: str) -> Iterator[Institution]:
    made = Institution(emulator)
    yield made
    made.close()


@pytest.fixture
def gate(emulator: str) -> Iterator[Gate]:
    """A way to the emulator that the test can close."""
    made = Gate(emulator)
    yield made
    made.close()


@pytest.fixture(scope="module")
def judge(institution: Institution, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plugin]:
    """A judge that the module's tests share."""
    with running_judge(institution, institution.endpoint, tmp_path_factory.mktemp("judge") / "log") as plugin:
        yield plugin


@pytest.fixture
def gated_judge(institution: Institution, gate: Gate, tmp_path: Path) -> Iterator[Plugin]:
    """A judge of this test's own, whose sources are behind the gate."""
    with running_judge(institution, gate.endpoint, tmp_path / "log") as plugin:
        yield plugin


@contextmanager
def running_judge(
    institution: Institution,
    endpoint: str,
    log_path: Path,
    stop_by: signal.Signals = signal.SIGTERM,
    told: Mapping[str, str] | None = None,
) -> Iterator[Plugin]:
    """A judge process, which at the end has to stop cleanly and to have logged no secret and no surprise.

    Args:
        told: what else it is told.
    """
    port = free_port()
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "octopus.judge"],
            env={**judge_environment(institution, endpoint, port), **(told or {})},
            stdout=log,
            stderr=log,
        )
    plugin = Plugin(port, log_path)
    try:
        wait_until(plugin.is_healthy)
        yield plugin
    finally:
        process.send_signal(stop_by)
        try:
            code = process.wait(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        plugin.http.close()
    logged = log_path.read_text()
    assert code == 0, logged
    assert SECRET not in logged
    assert "Traceback" not in logged, logged


def judge_environment(institution: Institution, endpoint: str, port: int) -> dict[str, str]:
    """What the judge is told, and of AWS nothing but the emulator."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "OCTOPUS_"))
    }
    return inherited | {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "OCTOPUS_INSTITUTION": "test",
        "OCTOPUS_CREDENTIALS_TABLE": institution.table,
        "OCTOPUS_CREDENTIALS_KEY_ARN": institution.kms_key_arn,
        "OCTOPUS_CLUSTER_ARN": CLUSTER_ARN,
        "OCTOPUS_JUDGE_PORT": str(port),
        "OCTOPUS_JUDGE_SECRET": SECRET,
    }

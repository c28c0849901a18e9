"""The published SDK, unmodified, from its own environment, with documented variables only."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.integration.fabric.conftest import ROOT, SDK_PYTHON, RunningFabric
from tests.integration.globus import published_sdk
from tests.patience import PATIENCE_S
from tests.sdk_programs import produce_and_consume

SDK_TESTS = ROOT / ".venv-sdk" / "source" / "tests"


def run_sdk(script: str, environment: Mapping[str, str], *, seconds: float = PATIENCE_S) -> str:
    done = subprocess.run(
        [SDK_PYTHON, "-c", script],
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def run_sdk_tests(paths: Sequence[Path], environment: Mapping[str, str], folder: Path) -> str:
    """Run some of the SDK's own tests; returns what pytest printed, all of them having passed."""
    configuration = folder / "pytest.ini"  # its own lies in its repository, not in its source distribution
    configuration.write_text("[pytest]\nmarkers = integration: needs a live service\n")
    inside = ["-p", "no:cacheprovider", f"--basetemp={folder / 'pytest'}"]
    done = subprocess.run(
        [SDK_PYTHON, "-m", "pytest", "-q", *inside, "-c", configuration, *paths],
        env=dict(environment),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_sdk_integration_tests_pass(fabric: RunningFabric, tmp_path: Path) -> None:
    printed = run_sdk_tests(
        [SDK_TESTS / "unit" / "test_apis.py"], fabric.sdk_environment("sdk-tests"), tmp_path
    )
    assert "13 passed" in printed


def test_sdk_offline_tests_pass_in_their_environment(tmp_path: Path) -> None:
    paths = sorted(path for path in (SDK_TESTS / "unit").glob("test_*.py") if path.name != "test_apis.py")
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "DIASPORA_USER_DIR": str(tmp_path)}
    assert "112 passed" in run_sdk_tests(paths, environment, tmp_path)


def test_sdk_kafka_clients_carry_every_event_in_order(fabric: RunningFabric) -> None:
    assert json.loads(run_sdk(produce_and_consume(100), fabric.sdk_environment("sdk-kafka"))) == list(
        range(100)
    )


RELIABLE_CLIENT = """
import logging
logging.basicConfig(level=logging.INFO)
from diaspora_event_sdk import reliable_client_creation
print(reliable_client_creation())
"""


def test_sdk_reliable_client_creation_succeeds_at_once(fabric: RunningFabric) -> None:
    environment = fabric.sdk_environment("sdk-reliable")
    done = subprocess.run(
        [SDK_PYTHON, "-c", RELIABLE_CLIENT],
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    )
    assert "Error in attempt" not in done.stderr
    assert done.stdout.startswith(f"ns-{environment['DIASPORA_SDK_CLIENT_ID'][-12:]}.topic-")


def test_sdk_interactive_login_through_the_page_reaches_kafka(fabric: RunningFabric, tmp_path: Path) -> None:
    exports = fabric.sdk_environment("sdk-person")
    auth_url = exports["GLOBUS_SDK_SERVICE_URL_AUTH"]
    who = published_sdk.log_in(auth_url=auth_url, user_dir=tmp_path, identity="sdk-person")
    assert who["subject"] == exports["DIASPORA_SDK_CLIENT_ID"]
    environment = {
        **published_sdk.environment(auth_url=auth_url, user_dir=tmp_path),
        "SSL_CERT_FILE": exports["SSL_CERT_FILE"],
    }
    assert json.loads(run_sdk(produce_and_consume(100), environment)) == list(range(100))

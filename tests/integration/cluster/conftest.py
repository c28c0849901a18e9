"""A judge behind TLS, off loopback, before an institution in the emulator."""

from __future__ import annotations

import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from octopus.fabric.certificates import ensure_certificates
from octopus.fabric.supervision import wait_until
from tests.integration.cluster.own_kafka import Judge
from tests.integration.judge.conftest import judge_environment
from tests.integration.judge.institution import Institution
from tests.integration.judge.plugin import SECRET
from tests.ports import free_port


@pytest.fixture(scope="package")
def institution(emulator: str) -> Iterator[Institution]:
    made = Institution(emulator)
    yield made
    made.close()


@pytest.fixture(scope="package")
def judge(institution: Institution, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    """A judge that listens on every address, as one on another host than its brokers does."""
    home = tmp_path_factory.mktemp("judge", numbered=False)
    ensure_certificates(home)
    secret_file = home / "secret"
    secret_file.write_text(SECRET)
    port = free_port()
    key_and_chain = str(home / "broker.pem")
    environment = judge_environment(institution, institution.endpoint, port) | {
        "OCTOPUS_JUDGE_HOST": "0.0.0.0",  # noqa: S104
        "OCTOPUS_JUDGE_TLS_CERTIFICATE": key_and_chain,
        "OCTOPUS_JUDGE_TLS_KEY": key_and_chain,
    }
    made = Judge(f"https://localhost:{port}", home / "ca.pem", secret_file)
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "octopus.judge"], env=environment, stdout=log, stderr=log
        )
    try:
        wait_until(lambda: _answers(made.url, made.ca_file), seconds=60, what="The judge")
        yield made
    finally:
        process.terminate()
        code = process.wait(timeout=60)
    assert code == 0, (home / "log").read_text()


def _answers(url: str, ca_file: Path) -> bool:
    trusted = ssl.create_default_context(cafile=str(ca_file))
    try:
        return httpx.get(f"{url}/health", verify=trusted, trust_env=False).is_success
    except httpx.TransportError:
        return False

"""The process as a container scheduler runs it: alive without brokers or tables, drained before it ends."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import boto3
import httpx
import pytest
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from tests.embedded_format import metrics_of
from tests.integration.service.deployment import operator_environment
from tests.patience import PATIENCE_S
from tests.ports import free_port
from tests.shown_metrics import scraped

TOLD = {
    "OCTOPUS_KAFKA": "msk-standard",
    "OCTOPUS_CREDENTIALS": "session",
    "OCTOPUS_REGISTRY_TABLE": "registry",
    "OCTOPUS_CREDENTIALS_TABLE": "credentials",
    "OCTOPUS_CREDENTIALS_KEY_ARN": "key",
    "OCTOPUS_ARCHIVE_BUCKET": "archive",
    "OCTOPUS_CLIENT_ROLE_ARN": "role",
    "OCTOPUS_CLUSTER_ARN": "arn:aws:kafka:us-east-1:111122223333:cluster/octopus-t/0e8fd0e8-5",
    "OCTOPUS_LISTEN_HOST": "0.0.0.0",  # noqa: S104 - as in a container
}
"""What a task of Fargate is told when it is deployed with nothing but a name."""


@contextmanager
def service(log: Path, **told: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The process, once it answers, and its address."""
    port = free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "octopus.web"],
            env={"PATH": os.environ["PATH"], **TOLD, "OCTOPUS_LISTEN_PORT": str(port), **told},
            stdout=output,
            stderr=output,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _await_live(url, process)
        yield process, url
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


@retry(
    retry=retry_if_exception_type(httpx.TransportError),
    stop=stop_after_delay(PATIENCE_S),
    wait=wait_fixed(0.1),
    reraise=True,
)
def _await_live(url: str, process: subprocess.Popen[bytes]) -> None:
    assert process.poll() is None, "it ended"
    httpx.get(f"{url}/health/live", timeout=PATIENCE_S).raise_for_status()


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE_S)
        yield listener


def test_request_under_way_is_answered_before_the_process_ends(
    tmp_path: Path, emulator: str, silent: socket.socket
) -> None:
    institution = f"t{uuid.uuid4().hex[:8]}"
    secret_name = f"octopus/{institution}/globus-client-secret"
    secrets = boto3.client(
        "secretsmanager",
        endpoint_url=emulator,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    secrets.create_secret(Name=secret_name, SecretString="secret")
    host, port = silent.getsockname()
    metrics_port = free_port()
    told = {
        **operator_environment(emulator),
        "OCTOPUS_INSTITUTION": institution,
        "OCTOPUS_GLOBUS_CLIENT_ID": "7c7b1f2e-8a57-4a8a-9a0c-0a8d1f6b2c11",
        "OCTOPUS_GLOBUS_SECRET_NAME": secret_name,
        "OCTOPUS_GLOBUS_AUTH_URL": f"http://{host}:{port}/",
        "OCTOPUS_METRICS_LOG": "true",
        "OCTOPUS_METRICS_PORT": str(metrics_port),
    }
    with service(tmp_path / "log", **told) as (process, url), ThreadPoolExecutor(1) as threads:
        assert httpx.get(f"{url}/api/v3/keys", timeout=PATIENCE_S).status_code == 401
        before = scraped(metrics_port)
        asked = threads.submit(httpx.get, f"{url}/health/ready", timeout=PATIENCE_S)
        under_way, _ = silent.accept()  # Globus is being asked, for two seconds
        with under_way:
            process.terminate()

            reply = asked.result(timeout=PATIENCE_S)
            assert process.wait(timeout=PATIENCE_S) == 0
    assert reply.status_code == 503
    assert reply.json()["checks"]["globus"] is False
    # What it counted is not lost with it: the log's last line has it.
    assert (before["Requests"], before["RequestsRefused"]) == (1, 1)
    said = [
        metrics_of(line, namespace=f"Octopus/{institution}")
        for line in (tmp_path / "log").read_text().splitlines()
        if '"_aws"' in line
    ]
    (told_of,) = [metrics for metrics in said if "Requests" in metrics]
    assert (told_of["Requests"], told_of["RequestsRefused"]) == (1, 1)
    assert isinstance(told_of["RequestSeconds"], list)
    assert len(told_of["RequestSeconds"]) == 1

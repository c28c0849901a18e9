"""The web service as its image holds it: installed from the image's source alone, and started from there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

import aws_cdk as cdk
import httpx
import pytest
from aws_cdk import aws_logs as logs
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from stacks.constructs.service_image import ServiceImage
from tests.integration.service.deployment import deploy, operator_environment
from tests.patience import PATIENCE_S
from tests.ports import free_port

ROOT = Path(__file__).parents[3]
NOWHERE = "127.0.0.1:9"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What AWS builds the image of."""
    made = tmp_path_factory.mktemp("source")
    ServiceImage(
        cdk.Stack(cdk.App(outdir=str(made))),
        "Image",
        image="codebuild",
        name="octopus-anl-web",
        parameters="/octopus/anl/image-build",
        log_retention=logs.RetentionDays.ONE_DAY,
        removal_policy=cdk.RemovalPolicy.DESTROY,
    )
    (dockerfile,) = made.glob("asset.*/Dockerfile")
    return dockerfile.parent


@pytest.fixture(scope="module")
def prefix(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where it was installed."""
    prefix = tmp_path_factory.mktemp("prefix")
    _install(source, prefix)
    return prefix


def _install(source: Path, prefix: Path, *, check: bool = True) -> subprocess.CompletedProcess[str]:
    cache = os.environ.get("OCTOPUS_CACHE", str(ROOT / ".cache"))
    return subprocess.run(
        ["sh", source / "scripts" / "install-service", prefix],
        env=os.environ
        | {"PYTHON": sys.executable, "UV_CACHE_DIR": f"{cache}/uv", "PIP_CACHE_DIR": f"{cache}/pip"},
        text=True,
        capture_output=True,
        check=check,
    )


@dataclass(frozen=True)
class Service:
    """A process of what was installed."""

    process: subprocess.Popen[bytes]
    url: str
    home: Path
    log: Path

    @retry(
        retry=retry_if_exception_type(httpx.TransportError),
        stop=stop_after_delay(PATIENCE_S),
        wait=wait_fixed(0.1),
        reraise=True,
    )
    def ask(self, path: str) -> httpx.Response:
        """Ask until it listens."""
        if self.process.poll() is not None:
            raise RuntimeError(f"it ended with {self.process.returncode}: {self.log.read_text()}")
        return httpx.get(f"{self.url}{path}")


@pytest.fixture
def service(prefix: Path, emulator: str, tmp_path: Path) -> Iterator[Service]:
    """As a task starts it, where tables, key and secret are there, but neither brokers nor Globus."""
    deployment = deploy(
        emulator,
        cluster_arn="arn:aws:kafka:us-east-1:000000000000:cluster/octopus-t/2b9d2f5c-fa32-45b5-875b-b24cd343b917",
        bootstrap_servers=NOWHERE,
        globus_url=f"http://{NOWHERE}/",
        globus_secret="secret-of-the-service-client",
    )
    told = {f"OCTOPUS_{name.upper()}": str(value) for name, value in deployment.settings.model_dump().items()}
    port, home, log = free_port(), tmp_path / "home", tmp_path / "log"
    home.mkdir()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [prefix / "bin" / "python", "-m", "octopus.web"],
            env={
                **told,
                **operator_environment(emulator),
                "OCTOPUS_LISTEN_HOST": "0.0.0.0",  # noqa: S104 - as in its task
                "OCTOPUS_LISTEN_PORT": str(port),
                "HOME": str(home),
            },
            cwd=home,
            stdout=output,
            stderr=output,
        )
    try:
        yield Service(process, f"http://127.0.0.1:{port}", home, log)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def test_installed_service_answers_and_stops_cleanly_and_writes_nowhere(
    service: Service, prefix: Path
) -> None:
    installed = set(prefix.rglob("*"))

    assert service.ask("/health/live").json() == {"status": "ok"}
    ready = service.ask("/health/ready")
    assert ready.status_code == 503
    checks = ready.json()["checks"]
    assert (checks["dynamodb"], checks["kafka"], checks["globus"]) == (True, False, False)
    service.process.terminate()

    assert service.process.wait(timeout=PATIENCE_S) == 0, service.log.read_text()
    assert set(prefix.rglob("*")) == installed
    assert list(service.home.iterdir()) == []


def test_nothing_is_installed_but_what_the_service_needs(prefix: Path) -> None:
    (packages,) = prefix.glob("lib/python*/site-packages")
    found = {(_normal(each.name), each.version) for each in distributions(path=[str(packages)])}
    installed = {name for name, _ in found}
    assert {each for each in found if each[0] != "octopus-event-fabric"} <= _locked("service")
    assert {"octopus-event-fabric", "fastapi", "confluent-kafka", "boto3"} <= installed
    assert installed.isdisjoint({"pip", "uv", "hatchling", "pytest", "aws-cdk-lib"})


def test_service_is_installed_with_what_it_was_tested_with() -> None:
    service, tested = _locked("service"), _locked("octopus")
    assert len(service) > 20
    assert service <= tested


def test_a_folder_that_is_not_empty_is_left_alone(source: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    done = _install(source, tmp_path, check=False)
    assert (done.returncode, done.stderr) == (1, f"{tmp_path} must be an empty folder, or none yet\n")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_source_of_the_image_is_what_it_needs_alone(source: Path) -> None:
    files = {path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()}
    package = {path for path in files if path.startswith("service_src/octopus/")}
    assert files - package == {
        "Dockerfile",
        "LICENSE",
        "README.md",
        "locks/install.txt",
        "locks/service.txt",
        "pyproject.toml",
        "scripts/install-service",
    }
    assert "service_src/octopus/web/__main__.py" in package
    assert not [path for path in package if "__pycache__" in path or path.endswith(".pyc")]


def _locked(name: str) -> set[tuple[str, str]]:
    lines = (ROOT / "locks" / f"{name}.txt").read_text()
    return set(re.findall(r"^([a-z0-9.-]+)==([^\s;\\]+)", lines, re.MULTILINE))


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()

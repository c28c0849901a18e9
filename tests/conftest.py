"""What tests of every kind share."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed
from xdist.scheduler import LoadScopeScheduling

from tests.ports import free_port

ROOT = Path(__file__).parents[1]


class _ByFolder(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Keeps each folder's tests on one worker, which starts their processes once."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.partition("::")[0].rpartition("/")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _ByFolder:
    """Spread folders, not tests, when there is more than one worker."""
    return _ByFolder(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the folder that takes longest."""
    items.sort(key=lambda item: "integration/fabric" not in item.path.parent.as_posix())


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an AWS emulator of the session's own: empty at first, gone at the end.

    No environment variable is set: whoever needs ``AWS_ENDPOINT_URL`` sets it for as long as it needs it.
    """
    home = tmp_path_factory.mktemp("emulator")
    port = free_port()
    log = (home / "log").open("wb")
    process = subprocess.Popen(
        [ROOT / ".venv-emulator" / "bin" / "ministack"],
        env=_emulator_environment(home, port),
        cwd=home,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _await_health(process, address)
        yield address
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


def _emulator_environment(home: Path, port: int) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return inherited | {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "TMPDIR": str(home),
        "HOME": str(home),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


@retry(
    retry=retry_if_exception_type(httpx.TransportError),
    stop=stop_after_delay(30),
    wait=wait_fixed(0.1),
    reraise=True,
)
def _await_health(process: subprocess.Popen[bytes], address: str) -> None:
    if process.poll() is not None:
        raise RuntimeError(f"the emulator ended with {process.returncode} before it listened")
    httpx.get(f"{address}/_ministack/health").raise_for_status()

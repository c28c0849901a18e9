"""An AWS emulator of one's own: empty at first, gone at the end."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from tests.patience import PATIENCE_S
from tests.ports import free_port

ROOT = Path(__file__).parents[1]


@contextmanager
def running_emulator(home: Path) -> Iterator[str]:
    """Its address, while it runs; whatever it writes is below ``home``."""
    port = free_port()
    log = (home / "log").open("wb")
    process = subprocess.Popen(
        [ROOT / ".venv-emulator" / "bin" / "ministack"],
        env=_environment(home, port),
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
            process.wait(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


def _environment(home: Path, port: int) -> dict[str, str]:
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
    stop=stop_after_delay(PATIENCE_S),
    wait=wait_fixed(0.1),
    reraise=True,
)
def _await_health(process: subprocess.Popen[bytes], address: str) -> None:
    if process.poll() is not None:
        raise RuntimeError(f"the emulator ended with {process.returncode} before it listened")
    httpx.get(f"{address}/_ministack/health").raise_for_status()

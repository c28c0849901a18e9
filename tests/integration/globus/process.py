"""The stand-in as the process that ``octopus up`` starts, on a free port, over a store of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import globus_sdk
import httpx
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from octopus.globus.store import Identity, IdentityStore
from tests.patience import PATIENCE_S
from tests.ports import free_port

SERVICE_CLIENT_ID = "2b9d2f5c-fa32-45b5-875b-b24cd343b917"
"""The resource server that the published SDK has built in."""
ACTION_ALL = f"https://auth.globus.org/scopes/{SERVICE_CLIENT_ID}/action_all"
SERVICE_SECRET = "secret-of-the-service-client-in-tests"


class StandIn:
    """A stand-in to start and stop; ``home`` keeps its store between the two."""

    def __init__(self, home: Path, *, token_life: int = 48 * 3600) -> None:
        self.home = home
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self.store = home / "identities.sqlite"
        self.log = home / "log"
        self._token_life = token_life
        self._process: subprocess.Popen[bytes] | None = None
        secret_file = home / "client-secret"
        secret_file.touch(mode=0o600)
        secret_file.write_text(SERVICE_SECRET)

    def environment(self) -> dict[str, str]:
        """What the process is started with."""
        return {
            "PATH": os.environ["PATH"],
            "OCTOPUS_GLOBUS_AUTH_URL": self.url,
            "OCTOPUS_GLOBUS_PORT": str(self.port),
            "OCTOPUS_GLOBUS_STORE": str(self.store),
            "OCTOPUS_GLOBUS_CLIENT_ID": SERVICE_CLIENT_ID,
            "OCTOPUS_GLOBUS_CLIENT_SECRET_FILE": str(self.home / "client-secret"),
            "OCTOPUS_GLOBUS_TOKEN_LIFE": str(self._token_life),
        }

    def start(self, further: Mapping[str, str] | None = None) -> None:
        """Start it, with further variables if given, and wait until it answers."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "octopus.globus"],
                env=self.environment() | dict(further or {}),
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._await_health(self._process)

    def stop(self) -> int:
        """Stop it as a supervisor does, and return its exit status."""
        process, self._process = self._process, None
        if process is None:
            return 0
        process.terminate()
        try:
            return process.wait(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise

    def identity(self, name: str) -> Identity:
        """An identity, made in the store file beside the running process, as the command line does."""
        with IdentityStore(self.store) as store:
            return store.ensure_identity(name)

    def client_of(self, identity: Identity) -> globus_sdk.ConfidentialAppAuthClient:
        """The identity as a confidential client; the caller closes it."""
        return globus_sdk.ConfidentialAppAuthClient(identity.id, identity.secret, base_url=self.url)

    def service_client(self) -> globus_sdk.ConfidentialAppAuthClient:
        """The web service's client; the caller closes it."""
        return globus_sdk.ConfidentialAppAuthClient(SERVICE_CLIENT_ID, SERVICE_SECRET, base_url=self.url)

    @retry(
        retry=retry_if_exception_type(httpx.TransportError),
        stop=stop_after_delay(PATIENCE_S),
        wait=wait_fixed(0.05),
        reraise=True,
    )
    def _await_health(self, process: subprocess.Popen[bytes]) -> None:
        if process.poll() is not None:
            raise RuntimeError(f"the stand-in ended with {process.returncode}: {self.log.read_text()}")
        httpx.get(f"{self.url}health").raise_for_status()

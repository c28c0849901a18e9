"""The web service as the process that runs, any number of them, each on a port of its own."""

from __future__ import annotations

import os
import subprocess
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
from tenacity import (
    Retrying,
    retry,
    retry_if_exception_type,
    retry_if_result,
    stop_after_delay,
    wait_fixed,
)

from tests.aws_calls.recording import ROOT, recorded_command
from tests.integration.globus.process import ACTION_ALL, StandIn
from tests.patience import PATIENCE_S
from tests.ports import free_port


class Replica:
    """A replica of the service."""

    def __init__(self, log: Path, environment: Mapping[str, str]) -> None:
        self.log = log
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self._environment = {
            "PATH": os.environ["PATH"],
            **environment,
            "OCTOPUS_LISTEN_PORT": str(self.port),
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the process that runs."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it answers."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                recorded_command("octopus.web"), cwd=ROOT, env=self._environment, stdout=log, stderr=log
            )
        self._await_live(self._process)

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

    @retry(
        retry=retry_if_exception_type(httpx.TransportError),
        stop=stop_after_delay(PATIENCE_S),
        wait=wait_fixed(0.05),
        reraise=True,
    )
    def _await_live(self, process: subprocess.Popen[bytes]) -> None:
        if process.poll() is not None:
            raise RuntimeError(f"the service ended with {process.returncode}: {self.log.read_text()}")
        httpx.get(f"{self.url}/health/live").raise_for_status()


class Person:
    """Somebody with a token, who calls as published clients do."""

    def __init__(self, subject: str, token: str) -> None:
        self.subject = subject
        self.token = token
        self.namespace = "ns-" + subject.replace("-", "")[-12:]

    def call(
        self,
        replica: Replica,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: object = None,
    ) -> httpx.Response:
        """One request."""
        sent = {"Authorization": f"Bearer {self.token}", "Subject": self.subject, **(headers or {})}
        return httpx.request(method, f"{replica.url}{path}", headers=sent, json=body, timeout=PATIENCE_S)

    def get(self, replica: Replica, method: str, path: str, body: object = None) -> dict[str, Any]:
        """The body of a request that must succeed."""
        reply = self.call(replica, method, path, body=body)
        assert reply.status_code == 200, reply.text
        answer: dict[str, Any] = reply.json()
        return answer


def await_that(holds: Callable[[], bool]) -> None:
    """Wait for what the service does in the background."""
    attempts = Retrying(
        retry=retry_if_result(lambda held: not held), stop=stop_after_delay(PATIENCE_S), wait=wait_fixed(0.3)
    )
    attempts(holds)


def new_person(stand_in: StandIn, name: str | None = None) -> Person:
    """An identity of the stand-in, with a token for the service."""
    identity = stand_in.identity(name or f"p{uuid.uuid4().hex[:10]}")
    client = stand_in.client_of(identity)
    try:
        tokens = client.oauth2_client_credentials_tokens(requested_scopes=ACTION_ALL)
    finally:
        client.close()
    return Person(identity.id, tokens["access_token"])

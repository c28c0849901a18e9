"""The broker plugin's side of the judge's protocol."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from octopus.iam.evaluate import decide
from octopus.iam.models import Layers
from tests.integration.judge.institution import CLUSTER_ARN, Tenant
from tests.patience import PATIENCE_S

SECRET = "the-broker-plugin-knows-this"
_NO_TIME = ("being read", "the sources take too long to read")
"""What the judge says of its own time, not of a source: there will be another answer."""


class Plugin:
    """The broker plugin's side of the protocol."""

    def __init__(self, port: int, log_path: Path) -> None:
        self.log_path = log_path
        self.http = httpx.Client(
            base_url=f"http://127.0.0.1:{port}",
            headers={"Authorization": f"Bearer {SECRET}"},
            timeout=PATIENCE_S,
        )

    def is_healthy(self) -> bool:
        """Whether the judge answers, to somebody who knows no secret."""
        try:
            reply = httpx.get(self.http.base_url.join("/health"))
        except httpx.TransportError:
            return False
        return bool(reply.json() == {"status": "ok"})

    def anonymous(self) -> httpx.Client:
        """A client without the secret."""
        return httpx.Client(base_url=self.http.base_url)

    def verify(self, token: str, mechanism: str = "OAUTHBEARER", hosts: Sequence[str] = ()) -> dict[str, Any]:
        """The verdict; asked for again, as Kafka's clients do, when the judge had no time for one."""

        def ask() -> list[dict[str, Any]]:
            reply = self.http.post("/verify", json={"mechanism": mechanism, "token": token, "hosts": hosts})
            return [dict(reply.raise_for_status().json())]

        return _read(ask)[0]

    def policy(self, tenant: Tenant, version: str = "") -> dict[str, Any]:
        return self.policies(
            {"principal": tenant.subject, "access_key_id": tenant.access_key_id, "version": version}
        )[0]

    def policies(self, *held: dict[str, str]) -> list[dict[str, Any]]:
        """The answers; asked for again, as the plugin does each second, while one is still being read."""

        def ask() -> list[dict[str, Any]]:
            reply = self.http.post("/policies", json={"principals": held})
            return list(reply.raise_for_status().json()["policies"])

        return _read(ask)


def _read(ask: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Answers of which none is only that the judge had no time to read."""
    attempts = Retrying(
        retry=retry_if_result(lambda answers: any(each.get("reason") in _NO_TIME for each in answers)),
        stop=stop_after_delay(PATIENCE_S),
        wait=wait_fixed(0.1),
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else [],
    )
    return attempts(ask)


def topic(name: str) -> str:
    """The ARN of a topic of the judged cluster."""
    return f"{CLUSTER_ARN.replace(':cluster/', ':topic/')}/{name}"


def may(policy: dict[str, Any], action: str, resource: str, *, at_ms: int = 0) -> bool:
    """As the plugin decides, from what stood on the wire."""
    layers = msgspec.convert(policy["layers"], Layers)
    return decide(layers, action=f"kafka-cluster:{action}", resource=resource, at_ms=at_ms).allowed


def wait_until(condition: Callable[[], bool], *, within: float = PATIENCE_S) -> float:
    """Seconds until the condition holds; fails when it does not in time."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() > began + within:
            pytest.fail(f"not within {within} s")
        time.sleep(0.02)
    return time.monotonic() - began

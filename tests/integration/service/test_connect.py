"""The published SDK, unmodified, at an institution's fabric through `octopus connect`."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.integration.broker.node import Node
from tests.integration.connect.command import Connect
from tests.integration.globus import browser
from tests.integration.globus.process import StandIn
from tests.integration.globus.published_sdk import SDK_PYTHON
from tests.integration.service.replica import Replica
from tests.integration.service.sdk_port import sdk_port
from tests.patience import PATIENCE_S
from tests.ports import free_ports
from tests.sdk_programs import produce_and_consume


@dataclass
class Desk:
    """Where somebody runs `octopus connect`, and programs with the SDK beside it."""

    command: Connect
    environment: dict[str, str]
    """Of those programs."""

    def start(self, program: str, **further: str) -> subprocess.Popen[str]:
        """Start a program of the SDK's environment."""
        return subprocess.Popen(
            [SDK_PYTHON, "-c", program],
            env={**self.environment, **further},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture
def desk(tmp_path: Path, replica: Replica, broker: Node, request: pytest.FixtureRequest) -> Iterator[Desk]:
    port, auth_port = free_ports(2)
    options = ["--port", str(port), "--auth-port", str(auth_port), *getattr(request, "param", [])]
    command = Connect(tmp_path, replica.url, *options)
    try:
        command.log_in(f"p{tmp_path.name[:20]}")
        with sdk_port(port) as led:
            variables = {
                **_shell(command),
                **led,
                **command.variables(),
                "SSL_CERT_FILE": str(broker.ca_file),
            }
            yield Desk(command, variables)
    finally:
        assert command.stop() == 0


LOG_IN_AND_MANAGE = """
import json
from diaspora_event_sdk import Client
client = Client()
print("LOGGED IN", flush=True)
created = client.create_user()
key = client.create_key()
told = {
    "subject": client.subject_openid,
    "statuses": [created["status"], key["status"], client.create_topic("readings")["status"]],
    "namespaces": client.list_namespaces()["namespaces"],
    "deleted": [client.delete_topic("readings")["status"], client.delete_user()["status"]],
}
print(json.dumps(told))
"""


def test_sdk_logs_in_by_the_page_and_manages_an_account(desk: Desk, globus: StandIn, tmp_path: Path) -> None:
    program = desk.start(LOG_IN_AND_MANAGE)
    with program:
        assert program.stdin is not None
        assert program.stdout is not None
        address = _authorize_url(iter(program.stdout.readline, ""))
        with httpx.Client() as page:
            form = browser.open_page(page, address)
            code = desk.command.confirmation()
            let_in = browser.send(page, address, form, decision="allow", confirmation=code)
            shown = browser.Form(page.get(let_in.headers["location"]).text)
        output, errors = program.communicate(f"{shown.fields['code']}\n", timeout=PATIENCE_S)
    assert program.returncode == 0, errors
    told = json.loads(output.splitlines()[-1])
    subject = globus.identity(f"p{tmp_path.name[:20]}").id
    assert told == {
        "subject": subject,
        "statuses": ["success"] * 3,
        "namespaces": {f"ns-{subject[-12:]}": ["readings"]},
        "deleted": ["success", "success"],
    }


@pytest.mark.parametrize("desk", [["--client-credentials"]], indirect=True)
def test_sdk_carries_events_without_a_page_and_strangers_get_nothing(desk: Desk, tmp_path: Path) -> None:
    program = desk.start(produce_and_consume(10))
    output, errors = program.communicate(timeout=PATIENCE_S)
    assert program.returncode == 0, errors
    assert json.loads(output.splitlines()[-1]) == list(range(10))

    # Another user of the machine reaches the same ports, and has none of the exported secrets.
    stranger = desk.start(
        "from diaspora_event_sdk import Client; Client()",
        DIASPORA_SDK_CLIENT_SECRET="guessed",
        DIASPORA_USER_DIR=str(tmp_path / "stranger"),
    )
    _, errors = stranger.communicate(timeout=PATIENCE_S)
    assert stranger.returncode != 0
    assert "invalid_client" in errors


def _authorize_url(lines: Iterator[str]) -> str:
    for line in lines:
        found = re.search(r"https?://\S+/v2/oauth2/authorize\?\S+", line)
        if found:
            return found.group()
    raise AssertionError("the SDK ended without showing an address to log in at")


def _shell(command: Connect) -> Mapping[str, str]:
    return {name: command.environment[name] for name in ("PATH", "HOME")}

"""An institution with a Globus Auth of its own, and a person connected to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import globus_sdk
import pytest

from octopus.globus.store import Identity
from tests.integration.connect.command import Connect
from tests.integration.connect.institution import Institution, running
from tests.integration.globus.process import ACTION_ALL, StandIn
from tests.ports import free_ports


@dataclass
class Connected:
    """A person's running `octopus connect`."""

    command: Connect
    port: int
    auth_port: int
    who: Identity
    """As the fabric's Globus Auth knows the person."""
    token: str
    """Of a program that the person let in."""

    @property
    def url(self) -> str:
        """The fabric, for programs of this machine."""
        return f"http://localhost:{self.port}"

    @property
    def auth_url(self) -> str:
        """Where programs log in."""
        return f"http://127.0.0.1:{self.auth_port}/"

    @property
    def headers(self) -> dict[str, str]:
        """Of a program that was let in."""
        return {"Authorization": f"Bearer {self.token}", "Subject": self.who.id}


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """The institution's Globus Auth."""
    process = StandIn(tmp_path_factory.mktemp("connect-globus"))
    process.start()
    try:
        yield process
    finally:
        process.stop()


@pytest.fixture
def institution(stand_in: StandIn) -> Iterator[Institution]:
    """A fabric that listens, of the test's own."""
    with running(stand_in.url) as made:
        yield made


@pytest.fixture(scope="module")
def lab(stand_in: StandIn) -> Iterator[Institution]:
    """A fabric that all tests of a module share: none of them stops it."""
    with running(stand_in.url) as made:
        yield made


@pytest.fixture(scope="module")
def connected(
    tmp_path_factory: pytest.TempPathFactory, stand_in: StandIn, lab: Institution
) -> Iterator[Connected]:
    """Alice, who logged in to that fabric at a terminal, and let a program in."""
    port, auth_port = free_ports(2)
    options = ["--port", str(port), "--auth-port", str(auth_port), "--client-credentials"]
    command = Connect(tmp_path_factory.mktemp("alice"), lab.url, *options)
    try:
        command.log_in("alice")
        yield Connected(
            command, port, auth_port, stand_in.identity("alice"), program_token(command.variables())
        )
    finally:
        assert command.stop() == 0


def program_token(variables: dict[str, str]) -> str:
    """What a program gets that logs in with the exported client, as the SDK does."""
    client = globus_sdk.ConfidentialAppAuthClient(
        variables["DIASPORA_SDK_CLIENT_ID"],
        variables["DIASPORA_SDK_CLIENT_SECRET"],
        base_url=variables["GLOBUS_SDK_SERVICE_URL_AUTH"],
    )
    try:
        token: str = client.oauth2_client_credentials_tokens(ACTION_ALL)["access_token"]
    finally:
        client.close()
    return token

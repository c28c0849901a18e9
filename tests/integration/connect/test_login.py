"""Logins that come to nothing: each ends the command with a sentence that says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from octopus.cli.app import app
from octopus.cli.errors import sentence
from tests.integration.connect.institution import Institution
from tests.integration.globus.process import StandIn
from tests.ports import free_ports


def said_of(institution: Institution, home: Path, typed: str = "", **variables: str) -> str:
    """How the command ends."""
    port, auth_port = free_ports(2)
    words = ["connect", institution.url, "--port", str(port), "--auth-port", str(auth_port)]
    # Named here, so that it is after the command what it was before.
    environment = {"HOME": str(home), "GLOBUS_SDK_SERVICE_URL_AUTH": "http://127.0.0.1:9/", **variables}
    done = CliRunner().invoke(app, words, input=typed, env=environment)
    assert done.exit_code == 1
    assert isinstance(done.exception, Exception)
    return sentence(done.exception) or f"a stack trace of {done.exception!r}"


@pytest.mark.parametrize(
    ("typed", "said"), [("", "No code was typed"), ("wrong\n", "did not log you in (HTTP 400)")]
)
def test_login_without_its_code_is_a_sentence(
    institution: Institution, tmp_path: Path, typed: str, said: str
) -> None:
    assert said in said_of(institution, tmp_path, typed)


def test_client_that_globus_auth_refuses_is_a_sentence_without_its_secret(
    institution: Institution, stand_in: StandIn, tmp_path: Path
) -> None:
    client = {
        "DIASPORA_SDK_CLIENT_ID": stand_in.identity("robot").id,
        "DIASPORA_SDK_CLIENT_SECRET": "wrong-secret",
    }
    said = said_of(institution, tmp_path, **client)
    assert "does not take DIASPORA_SDK_CLIENT_ID" in said
    assert "wrong-secret" not in said


def test_fabric_without_a_client_for_people_is_a_sentence(institution: Institution, tmp_path: Path) -> None:
    institution.about.cli_client_id = None
    assert "set OCTOPUS_CLI_CLIENT_ID to a native client's UUID" in said_of(institution, tmp_path)


def test_globus_auth_that_does_not_answer_is_a_sentence(institution: Institution, tmp_path: Path) -> None:
    institution.about.globus_auth_url = "http://127.0.0.1:9/"
    assert "Globus Auth does not answer" in said_of(institution, tmp_path, "code\n")

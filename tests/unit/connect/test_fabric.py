"""Which addresses are connected to, and what else ends the command with a sentence."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from octopus.cli.errors import sentence
from octopus.connect.errors import ConnectError
from octopus.connect.fabric import find_fabric
from octopus.connect.service import serve_fabric
from tests.unit.doctor.servers import make_authority, tls_server

ABOUT = {
    "message": "",
    "globus_auth_url": "https://auth.globus.org/",
    "globus_client_id": "2b9d2f5c-fa32-45b5-875b-b24cd343b917",
    "globus_scope": "https://auth.globus.org/scopes/2b9d2f5c-fa32-45b5-875b-b24cd343b917/action_all",
    "cli_client_id": None,
    "kafka_regions": ["us-east-1"],
    "credentials": "iam-user",
}


@contextmanager
def answering(status: int, body: str) -> Iterator[str]:
    """The address of something that gives one answer to everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/live/"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://octopus.lab.example", "must begin with https://"),
        ("ftp://octopus.lab.example", "must begin with https://"),
        ("octopus.lab.example", "must be a fabric's address such as https://octopus.lab.example"),
        ("https://", "must be a fabric's address"),
        ("https://me:secret@octopus.lab.example", "must hold no user name and no password"),
        ("https://octopus.lab.example/?a=b", "must be a fabric's address"),
        ("https://octopus.lab.example:99999", "must be a fabric's address"),
        ("https://[octopus", "must be a fabric's address"),
        ("https://127.0.0.1:9", "No answer from https://127.0.0.1:9 (ConnectError): check the address"),
    ],
)
def test_address_that_no_fabric_is_reached_at_is_a_sentence(address: str, said: str) -> None:
    with pytest.raises(ConnectError) as error:
        find_fabric(address)
    assert said in str(error.value)
    assert "secret" not in str(error.value)
    assert sentence(error.value) == str(error.value)


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, "<html>", "is no Octopus fabric"),
        (200, "{}", "is no Octopus fabric"),
        (
            401,
            json.dumps({"message": "Unauthorized"}),
            "is no Octopus fabric, or one of an older release (HTTP 401",
        ),
        (301, "", "is no Octopus fabric"),
        (503, "", "answers HTTP 503 for now"),
        (200, json.dumps({**ABOUT, "globus_client_id": None}), "has to deploy it with globus_client_id"),
        (
            200,
            json.dumps({**ABOUT, "globus_auth_url": "https://auth.globus.example/"}),
            "log in at https://auth.globus.example/, which is not Globus Auth (https://auth.globus.org/)",
        ),
    ],
)
def test_answer_that_is_no_fabrics_is_a_sentence(status: int, body: str, said: str) -> None:
    with answering(status, body) as address, pytest.raises(ConnectError, match=r".") as error:
        find_fabric(address)
    assert said in str(error.value)


def test_certificate_of_an_unknown_authority_is_a_sentence(tmp_path: Path) -> None:
    certificate = make_authority(tmp_path / "ca.pem", "nobody's").issue(tmp_path)
    with tls_server(certificate) as server, pytest.raises(ConnectError, match="in SSL_CERT_FILE"):
        find_fabric(f"https://{server}")


def test_fabric_is_told_by_its_whole_address() -> None:
    with answering(200, json.dumps(ABOUT)) as address:
        one, other = find_fabric(address), find_fabric(address.replace("live", "test"))
    assert one.url == address.rstrip("/")
    assert one.folder_name != other.folder_name
    assert one.folder_name.startswith("127.0.0.1-")


def test_another_globus_auth_is_logged_in_to_when_the_person_names_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OCTOPUS_GLOBUS_AUTH_URL", "https://auth.globus.example/")
    other = {**ABOUT, "globus_auth_url": "https://auth.globus.example/"}
    with answering(200, json.dumps(other)) as address:
        assert find_fabric(address).about.globus_auth_url == "https://auth.globus.example/"


def test_shell_of_a_connected_program_does_not_connect_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its client is that of the loopback, which the fabric's Globus Auth does not know."""
    monkeypatch.setenv("GLOBUS_SDK_SERVICE_URL_AUTH", "http://127.0.0.1:8100/")
    with pytest.raises(ConnectError, match="start it in another shell"):
        serve_fabric(
            "https://octopus.lab.example",
            port=8000,
            auth_port=8100,
            browser=False,
            client_credentials=False,
            tell=print,
            export=print,
        )

"""``octopus status --remote``, at a server that says what a test says."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from octopus.errors import OctopusError
from octopus.status.models import Part, StatusReply
from tests.ports import free_port
from tests.unit.cli.shell import run

WORKS: dict[str, Any] = {"works": True, "since": "2027-03-02T08:15:10Z", "checked": "2027-03-31T22:04:02Z"}
Serve = Callable[[int, object], str]


def status(overall: str, **parts: dict[str, Any]) -> dict[str, Any]:
    return {
        "status": "success",
        "message": "What a fabric says",
        "overall": overall,
        "heartbeat": "2027-03-31T22:04:03Z",
        "parts": [{"part": part, **WORKS, **parts.get(part.name, {})} for part in Part],
    }


@pytest.fixture
def fabric() -> Iterator[Serve]:
    """Serves one reply at ``/live/api/v3/status``; the fabric's address."""
    servers: list[ThreadingHTTPServer] = []

    def serve(code: int, answer: object) -> str:
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()

        class Gateway(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                assert self.path == "/live/api/v3/status"
                assert self.headers["Authorization"] is None
                self.send_response(code)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/live/"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def test_fabric_that_works_is_told_in_a_table_and_by_the_exit_status(fabric: Serve) -> None:
    outcome = run("status", "--remote", fabric(200, status("ok")))

    assert outcome.exit_code == 0, outcome.output
    assert ": What a fabric says (ok)\n" in outcome.stdout
    rows = [line.split() for line in outcome.stdout.splitlines() if line.startswith(tuple(Part))]
    assert rows == [[part, "yes", "2027-03-02", "08:15:10", "2027-03-31", "22:04:02"] for part in Part]
    assert outcome.stdout.endswith("The newest heartbeat went through at 2027-03-31 22:04:03 UTC.\n")


@pytest.mark.parametrize("overall", ["degraded", "down"])
def test_fabric_of_which_a_part_does_not_work_is_told_so(fabric: Serve, overall: str) -> None:
    told = status(
        overall,
        HTTPS={"works": False},
        LOGIN={"works": None, "since": None},
        MANAGEMENT={"works": None, "since": None, "checked": None},
    )
    outcome = run("status", "--remote", fabric(200, told | {"heartbeat": None}))

    assert outcome.exit_code == 1
    words = {line.split()[0]: line.split()[1:] for line in outcome.stdout.splitlines() if line}
    assert words["https"][0] == "NO"
    assert words["login"] == ["not", "known", "-", "2027-03-31", "22:04:02"]
    assert words["management"] == ["not", "known", "-", "-"]
    assert "heartbeat has gone through yet" in outcome.stdout


def test_reply_is_printed_as_it_is_when_json_is_asked_for(fabric: Serve) -> None:
    told = status("degraded")
    outcome = run("status", "--remote", fabric(200, told), "--json")
    assert (json.loads(outcome.stdout), outcome.exit_code) == (told, 1)


def test_example_of_the_description_is_what_the_command_reads(fabric: Serve) -> None:
    example = StatusReply.model_config["json_schema_extra"]["example"]  # type: ignore[index]
    StatusReply.model_validate(example)
    assert run("status", "--remote", fabric(200, example)).exit_code == 1


@pytest.mark.parametrize(
    ("code", "answer", "said"),
    [
        (
            404,
            {"message": "Not Found"},
            "no Octopus fabric, or one of a release that has no status (HTTP 404)",
        ),
        (401, {}, "no Octopus fabric, or one of a release"),
        (200, b"<html>", "no Octopus fabric, or one of a release"),
        (200, [], "no Octopus fabric, or one of a release"),
        (502, {"message": "The web service could not be reached."}, "HTTP 502 The web service could not"),
        (429, {"message": "Too many requests; try again."}, "HTTP 429 Too many requests"),
        (504, b"", "does not say: HTTP 504"),
    ],
    ids=str,
)
def test_address_that_gives_no_status_is_an_error_in_one_sentence(
    fabric: Serve, code: int, answer: object, said: str
) -> None:
    outcome = run("status", "--remote", fabric(code, answer))
    assert isinstance(outcome.exception, OctopusError)
    assert said in outcome.exception.message


def test_address_at_which_nobody_answers_is_an_error_in_one_sentence() -> None:
    outcome = run("status", "--remote", f"http://127.0.0.1:{free_port()}")
    assert isinstance(outcome.exception, OctopusError)
    assert "(ConnectError): it is down" in outcome.exception.message


def test_this_machine_is_asked_unless_an_address_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOPUS_SERVICE_PORT", str(free_port()))
    outcome = run("status", "--remote")
    assert isinstance(outcome.exception, OctopusError)
    assert "No answer from http://localhost:" in outcome.exception.message


def test_address_alone_is_refused() -> None:
    outcome = run("status", "https://octopus.lab.example")
    assert outcome.exit_code == 2
    assert "goes with --remote" in outcome.stderr

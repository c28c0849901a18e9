"""How a process shows what it counts."""

from __future__ import annotations

import socket

import httpx
import pytest

from octopus.metrics.instruments import Instruments
from octopus.metrics.publishing import published
from tests.embedded_format import metrics_of
from tests.ports import free_port
from tests.shown_metrics import scraped, values


def test_port_shows_what_the_instruments_say_while_it_lasts(capsys: pytest.CaptureFixture[str]) -> None:
    instruments, port = Instruments("service"), free_port()

    with published(instruments, institution="lab", port=port, to_log=False):
        instruments.count("Requests")
        instruments.time("RequestSeconds", 0.1)
        assert scraped(port) == values(instruments)
        assert scraped(port)["Requests"] == 1
        reply = httpx.get(f"http://127.0.0.1:{port}/metrics")

    assert reply.headers["Content-Type"].startswith("text/plain")
    assert capsys.readouterr().out == ""
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/metrics")


def test_port_is_of_the_loopback_address_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    with (
        published(Instruments("judge"), institution="lab", port=port, to_log=False),
        # Another of this machine's addresses stays free for somebody else.
        socket.socket() as other,
    ):
        other.bind(("127.0.0.2", port))


def test_port_that_is_taken_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        shown = published(Instruments("judge"), institution="lab", port=port, to_log=False)
        with pytest.raises(OSError, match=f"metrics_port {port} of 127.0.0.1: Address already in use"):
            shown.__enter__()


def test_log_has_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    instruments = Instruments("judge")
    with published(instruments, institution="lab", port=0, to_log=True):
        instruments.count("Verifications", 2)

    (line,) = capsys.readouterr().out.splitlines()
    assert metrics_of(line, namespace="Octopus/lab") == {"Verifications": 2, "PrincipalsHeld": 0}

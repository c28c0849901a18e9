"""A public address over TLS."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from lambda_src.heartbeat import handler as heartbeat
from octopus.fabric.certificates import ensure_certificates
from tests.unit.heartbeat_over_https.gateway import Gateway, Reply


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate of localhost, and the authority that signed it."""
    folder = tmp_path_factory.mktemp("certificates")
    ensure_certificates(folder)
    return folder


@pytest.fixture(scope="module")
def trusting(certificates: Path) -> ssl.SSLContext:
    """Knows that authority."""
    return ssl.create_default_context(cafile=certificates / "ca.pem")


@pytest.fixture(autouse=True)
def _nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "_AGAIN_S", 0)


@pytest.fixture
def address(certificates: Path) -> Iterator[Callable[[Reply], str]]:
    """Serves replies over TLS; the address, with a stage."""
    servers: list[ThreadingHTTPServer] = []
    identity = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    identity.load_cert_chain(certificates / "broker.pem")

    def serve(reply: Reply) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
        server.daemon_threads = True
        server.reply = reply  # type: ignore[attr-defined]
        server.socket = identity.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        servers.append(server)
        return f"https://localhost:{server.server_port}/live/"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()

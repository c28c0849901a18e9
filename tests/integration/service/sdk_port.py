"""The published SDK's one address, ``http://localhost:8000``, at another port.

In a test run that port is a whole fabric's, of other tests. The SDK speaks through requests, which takes a
proxy from ``HTTP_PROXY``: this one leads ``localhost:8000`` to where the tested server listens, and knows
nothing else.
"""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_SDK = b"localhost:8000"


@contextmanager
def sdk_port(port: int) -> Iterator[dict[str, str]]:
    """Variables of an SDK process for which ``localhost:8000`` is ``localhost:<port>``."""
    there = f"localhost:{port}".encode()

    class Relay(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection(("localhost", port)) as upstream:
                back = threading.Thread(target=_pump, args=(upstream, self.request))
                back.start()
                # The name stands in the request's first line and in Host, which come in one piece.
                _pump(self.request, upstream, there)
                back.join()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Relay) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield {
                "HTTP_PROXY": f"http://127.0.0.1:{server.server_address[1]}",
                "http_proxy": f"http://127.0.0.1:{server.server_address[1]}",
                "NO_PROXY": "127.0.0.1",
                "no_proxy": "127.0.0.1",
            }
        finally:
            server.shutdown()
            thread.join()


def _pump(source: socket.socket, sink: socket.socket, host: bytes = _SDK) -> None:
    while data := source.recv(1 << 16):
        sink.sendall(data.replace(_SDK, host))
    sink.shutdown(socket.SHUT_WR)

"""A way to the emulator that can be closed and opened again."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Gate:
    """Forwards TCP connections while it is open; while closed it refuses new ones and cuts the others."""

    def __init__(self, target: str) -> None:
        host, port = target.removeprefix("http://").split(":")
        self._target = (host, int(port))
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = self._listen(0)
        self.endpoint = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        """Nobody gets through."""
        # Without the shutdown the accepting thread would keep the port.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def open(self) -> None:
        """Let them through again, at the same address."""
        self._listener = self._listen(int(self.endpoint.rsplit(":", 1)[1]))

    def _listen(self, port: int) -> socket.socket:
        listener = socket.create_server(("127.0.0.1", port), backlog=64)
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._target)
            with self._lock:
                self._open |= {client, server}
            pumps = [
                threading.Thread(target=_pump, args=pair, daemon=True)
                for pair in ((client, server), (server, client))
            ]
            for pump in pumps:
                pump.start()
            threading.Thread(target=self._forget, args=(pumps, client, server), daemon=True).start()

    def _forget(self, pumps: list[threading.Thread], *sockets: socket.socket) -> None:
        for pump in pumps:
            pump.join()
        with self._lock:
            self._open -= set(sockets)
        for ended in sockets:
            ended.close()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)

"""New connections to a Kafka listener, spoken on the wire.

confluent-kafka's constructor sleeps for a second when a client signs tokens: nothing else would be seen.

Task: ``host``, ``port``, ``ca_file``, ``count`` and ``how``: ``iam`` (with the principal's ``key``) or
``tls``, which ends before any identity is proven.
"""

from __future__ import annotations

import socket
import ssl
import statistics
import struct
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from load_tests.clients.rounds import Round, Task, serve
from load_tests.errors import BenchmarkError
from load_tests.signing import sign

_SASL_HANDSHAKE, _SASL_AUTHENTICATE = 17, 36
"""Kafka's request types; both in version 1, the last without tagged fields."""
_SECONDS = 15


def prepare(task: Task) -> Round:
    """Each round connects ``count`` times, one after another, each until the broker knows who it is."""
    connect = {"iam": _iam, "tls": _tls}[task["how"]]

    def take() -> Mapping[str, float]:
        milliseconds = []
        for _ in range(task["count"]):
            began = time.perf_counter()
            connect(task)
            milliseconds.append((time.perf_counter() - began) * 1000)
        return {"p50 ms": statistics.median(milliseconds)}

    return take


def _iam(task: Task) -> None:
    token = sign(task["key"])
    with _encrypted(task) as connection:
        _authenticate(connection, "OAUTHBEARER", f"n,,\x01auth=Bearer {token}\x01\x01")


def _tls(task: Task) -> None:
    with _encrypted(task) as connection:
        _name(connection, "OAUTHBEARER")


@contextmanager
def _encrypted(task: Task) -> Iterator[socket.socket]:
    # As a client that is new on its machine: a TLS context of its own, no session to resume.
    context = ssl.create_default_context(cafile=task["ca_file"])
    with (
        socket.create_connection((task["host"], task["port"]), _SECONDS) as bare,
        context.wrap_socket(bare, server_hostname=task["host"]) as connection,
    ):
        yield connection


def _authenticate(connection: socket.socket, mechanism: str, message: str) -> None:
    _name(connection, mechanism)
    first = message.encode()
    _ask(connection, _SASL_AUTHENTICATE, struct.pack(">i", len(first)) + first)


def _name(connection: socket.socket, mechanism: str) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    name = mechanism.encode()
    _ask(connection, _SASL_HANDSHAKE, struct.pack(">h", len(name)) + name)


def _ask(connection: socket.socket, request_type: int, body: bytes) -> None:
    """Send one request; its reply must begin with error code 0."""
    header = struct.pack(">hhih", request_type, 1, 0, -1)  # version, correlation id, no client id
    connection.sendall(struct.pack(">i", len(header) + len(body)) + header + body)
    (size,) = struct.unpack(">i", _read(connection, 4))
    _, error = struct.unpack_from(">ih", _read(connection, size))
    if error != 0:
        raise BenchmarkError(f"the broker answered request {request_type} with error {error}")


def _read(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        part = connection.recv(size - len(received))
        if not part:
            raise BenchmarkError("the broker closed the connection")
        received += part
    return received


if __name__ == "__main__":
    serve(prepare)

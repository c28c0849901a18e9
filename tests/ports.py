"""Ports for the processes that tests start."""

from __future__ import annotations

import socket
from contextlib import ExitStack, suppress


def free_ports(count: int) -> list[int]:
    """Different ports that nobody listens on."""
    with ExitStack() as held:
        listeners = [held.enter_context(socket.socket()) for _ in range(count)]
        for listener in listeners:
            listener.bind(("127.0.0.1", 0))
        return [int(listener.getsockname()[1]) for listener in listeners]


def free_port() -> int:
    """A port that nobody listens on."""
    (port,) = free_ports(1)
    return port


def free_port_below(*, others: int, apart: int) -> int:
    """A port that nobody listens on, as on so many others above it, each so far from the one before."""
    while True:
        first = free_port()
        with suppress(OSError, OverflowError), ExitStack() as held:
            for port in range(first, first + (others + 1) * apart, apart):
                held.enter_context(socket.socket()).bind(("127.0.0.1", port))
            return first

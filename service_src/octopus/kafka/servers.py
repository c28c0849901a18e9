"""Addresses of brokers, and a TLS connection to one, without a Kafka client's library."""

from __future__ import annotations

import math
import socket
import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

CONNECT_S = 5.0
"""A port that takes longer is closed to a client, too."""


@dataclass(frozen=True)
class Address:
    """A host and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_servers(text: str) -> tuple[Address, ...]:
    """The addresses in a comma-separated list of ``host:port``.

    Raises:
        ValueError: one of them is none.
    """
    addresses = []
    for word in text.split(","):
        parts = urlsplit(f"//{word.strip()}")
        if parts.hostname is None or parts.port is None:
            raise ValueError(f"{word.strip()!r} is not host:port")
        addresses.append(Address(parts.hostname, parts.port))
    return tuple(addresses)


def seconds_left(ends: float, *, most_s: float) -> float:
    """Until ``ends`` on the monotonic clock, ``most_s`` at most, and always enough to ask at all."""
    return min(most_s, max(0.1, ends - time.monotonic()))


def open_tls(address: Address, ca_file: Path | None, *, ends: float = math.inf) -> ssl.SSLSocket:
    """A TLS connection, the other side believed as a Kafka client believes it.

    Args:
        ends: on the monotonic clock, when it is to be open at the latest.

    Raises:
        OSError: no connection, or (``ssl.SSLError``) no TLS, or a certificate that is not believed.
    """
    context = ssl.create_default_context(cafile=str(ca_file) if ca_file is not None else None)
    plain = socket.create_connection(
        (address.host, address.port), timeout=seconds_left(ends, most_s=CONNECT_S)
    )
    try:
        plain.settimeout(seconds_left(ends, most_s=CONNECT_S))
        return context.wrap_socket(plain, server_hostname=address.host)
    except BaseException:
        plain.close()
        raise

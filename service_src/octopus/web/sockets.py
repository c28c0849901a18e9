"""Listening on every address of a name."""

from __future__ import annotations

import errno
import socket


def listen(host: str, port: int) -> list[socket.socket]:
    """Bound sockets for every address that ``host`` has on this machine, all on the same port.

    ``localhost`` is IPv4 and IPv6, and clients try either first. An address that the machine does not have
    (no IPv6) is left out.

    Raises:
        OSError: no address could be bound, or one is taken.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    addresses = list(dict.fromkeys((family, address[0]) for family, _, _, _, address in found))
    if host == "localhost" and len(addresses) == 1:
        # Some machines' hosts file names one family only, while clients look up both.
        addresses = [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
    bound: list[socket.socket] = []
    try:
        for family, address in addresses:
            listener = _bind(family, str(address), bound[0].getsockname()[1] if bound else port)
            if listener is not None:
                bound.append(listener)
    except OSError:
        for listener in bound:
            listener.close()
        raise
    if not bound:
        raise OSError(errno.EADDRNOTAVAIL, f"{host} has no address on this machine")
    return bound


def _bind(family: socket.AddressFamily, address: str, port: int) -> socket.socket | None:
    try:
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        if error.errno == errno.EAFNOSUPPORT:
            return None
        raise
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((address, port))
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRNOTAVAIL:
            return None
        raise
    return listener

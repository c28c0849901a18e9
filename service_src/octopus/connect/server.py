"""Serving on this machine's loopback addresses, and on no other."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from octopus.connect.errors import ConnectError
from octopus.web.sockets import listen

Apps = AbstractAsyncContextManager[Mapping[int, ASGIApp]]

IPV4, IPV6 = "127.0.0.1", "::1"
_GRACE_S = 3
"""What a stop waits for requests under way."""
_NO_IPV6 = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


def bind(port: int, *, option: str, addresses: Sequence[str] = (IPV4, IPV6)) -> list[socket.socket]:
    """Sockets on loopback addresses, all on the same port; IPv6 is left out where the machine has none.

    Args:
        port: to take.
        option: of the command line, with which another port is chosen.
        addresses: to take it on.

    Raises:
        ConnectError: the port is taken on one of them, or not for this person to take.
    """
    bound: list[socket.socket] = []
    for address in addresses:
        try:
            bound += listen(address, port)
        except OSError as error:
            if address == IPV6 and error.errno in _NO_IPV6:
                continue
            for each in bound:
                each.close()
            raise _not_to_be_had(port, option, error) from error
    return bound


def open_all(sockets: Mapping[str, Sequence[socket.socket]]) -> None:
    """Take connections from now on.

    Args:
        sockets: by the option with which another port is chosen for them.

    Raises:
        ConnectError: somebody else took a port meanwhile.
    """
    for option, listeners in sockets.items():
        for listener in listeners:
            try:
                listener.listen()
            except OSError as error:
                raise _not_to_be_had(listener.getsockname()[1], option, error) from error


class ByPort:
    """Gives each connection to the application of the port that it came in at."""

    def __init__(self, apps: Mapping[int, ASGIApp]) -> None:
        self._apps = apps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._apps[scope["server"][1]](scope, receive, send)


def serve(sockets: Sequence[socket.socket], opened: Apps) -> None:
    """Serve until Ctrl-C or SIGTERM, then finish the requests under way and end the process with status 0.

    Args:
        sockets: that take connections.
        opened: the application of each port, for as long as they are served.
    """
    # uvicorn takes the signal while it serves and raises it again when it is done: that is a clean end.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    asyncio.run(_serve(sockets, opened))


async def _serve(sockets: Sequence[socket.socket], opened: Apps) -> None:
    async with opened as apps:
        config = uvicorn.Config(
            ByPort(apps),
            # No access log: the address of the page that shows a code holds the code.
            access_log=False,
            log_config=None,
            log_level="warning",
            lifespan="off",
            ws="none",
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=_GRACE_S,
        )
        await uvicorn.Server(config).serve(sockets=list(sockets))


def _not_to_be_had(port: int, option: str, error: OSError) -> ConnectError:
    if error.errno == errno.EADDRINUSE:
        return ConnectError(
            f"Port {port} is taken by another program, perhaps a fabric of this machine or another `octopus "
            f"connect`: stop that, or choose another port with {option}."
        )
    return ConnectError(
        f"Port {port} cannot be had ({error.strerror}): choose another one above 1023 with {option}."
    )

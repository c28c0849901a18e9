"""Which headers go through a proxy, and which end at it (RFC 9110, section 7.6.1)."""

from __future__ import annotations

from collections.abc import Iterable

Raw = list[tuple[bytes, bytes]]

_OF_ONE_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
_OF_THE_CALLER = frozenset(
    {
        # Of the loopback's own name, and of its own token.
        b"host",
        b"authorization",
        # Answered here already.
        b"expect",
        # Cookies know no ports: those of any other server on localhost would go to the fabric.
        b"cookie",
    }
)


def to_fabric(received: Iterable[tuple[bytes, bytes]], *, authorization: str) -> Raw:
    """The headers of a caller as the fabric gets them, with another token."""
    passed = [each for each in _of_all_hops(received) if each[0].lower() not in _OF_THE_CALLER]
    return [*passed, (b"authorization", authorization.encode())]


def to_caller(received: Iterable[tuple[bytes, bytes]]) -> Raw:
    """The headers of a reply as the caller gets them; names in lower case, as ASGI wants them."""
    return [(name.lower(), value) for name, value in _of_all_hops(received) if name.lower() != b"set-cookie"]


def _of_all_hops(received: Iterable[tuple[bytes, bytes]]) -> Raw:
    headers = list(received)
    named = {
        word.strip().lower()
        for name, value in headers
        if name.lower() == b"connection"
        for word in value.split(b",")
    }
    return [each for each in headers if each[0].lower() not in _OF_ONE_HOP | named]

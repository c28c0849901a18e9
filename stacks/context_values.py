"""Readers of one context value each: text from the command line, or JSON's own type, to a typed value.

A reader returns the value or raises :class:`RefusedError` with the rule that was broken, as the words that
follow the variable's name: ``must be a whole number from 1 to 5``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from ipaddress import ip_address
from urllib.parse import urlsplit
from uuid import UUID


class RefusedError(ValueError):
    """The rule that a value breaks."""


def matching(pattern: str, rule: str) -> Callable[[object], str]:
    """Read text that matches all of ``pattern``."""

    def read(raw: object) -> str:
        if not isinstance(raw, str) or re.fullmatch(pattern, raw) is None:
            raise RefusedError(rule)
        return raw

    return read


def choice(available: Collection[str], later: Mapping[str, str] | None = None) -> Callable[[object], str]:
    """Read one of ``available``; a name in ``later`` is documented and refused with what it waits for."""

    def read(raw: object) -> str:
        if isinstance(raw, str) and raw in available:
            return raw
        if isinstance(raw, str) and later and raw in later:
            raise RefusedError(
                f"must be {_either(available)} in this release, which does not install {later[raw]}"
            )
        meant = get_close_matches(str(raw), [*available, *(later or {})], n=1)
        raise RefusedError(f"must be {_either(available)}{f' (did you mean {meant[0]}?)' if meant else ''}")

    return read


def whole_number(low: int, high: int) -> Callable[[object], int]:
    """Read a whole number from ``low`` to ``high``."""

    def read(raw: object) -> int:
        text = str(raw) if isinstance(raw, int) and not isinstance(raw, bool) else raw
        if (
            not isinstance(text, str)
            or re.fullmatch(r"-?[0-9]{1,19}", text) is None
            or not low <= int(text) <= high
        ):
            raise RefusedError(f"must be a whole number from {low} to {high}")
        return int(text)

    return read


def number_among(allowed: Collection[int]) -> Callable[[object], int]:
    """Read one of the numbers that a service allows."""

    def read(raw: object) -> int:
        text = str(raw)
        if isinstance(raw, bool) or text not in {str(number) for number in allowed}:
            raise RefusedError(f"must be one of {', '.join(map(str, allowed))}")
        return int(text)

    return read


def truth(raw: object) -> bool:
    """Read ``true`` or ``false``: from the command line both are text, and Python holds every text true."""
    if raw is True or raw == "true":
        return True
    if raw is False or raw == "false":
        return False
    raise RefusedError("must be true or false")


def uuid(raw: object) -> str:
    """Read a UUID, to lower case."""
    try:
        return str(UUID(raw)) if isinstance(raw, str) and len(raw) == 36 else _refuse_uuid()
    except ValueError:
        return _refuse_uuid()


def _refuse_uuid() -> str:
    raise RefusedError("must be a UUID such as 2b9d2f5c-fa32-45b5-875b-b24cd343b917")


def url(raw: object) -> str:
    """Read the base of addresses, to its form without a last slash.

    Tokens travel to it, so that plain http is only for this machine.
    """
    rule = "must be an https:// address without user, query or fragment (http:// only for this machine)"
    if not isinstance(raw, str) or re.search(r"[\s{}$]", raw):
        raise RefusedError(rule)
    try:
        parts = urlsplit(raw)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise RefusedError(rule) from None
    if not host or "@" in parts.netloc or parts.query or parts.fragment:
        raise RefusedError(rule)
    if parts.scheme != "https" and not (parts.scheme == "http" and _on_this_machine(host)):
        raise RefusedError(rule)
    return raw.rstrip("/")


def _on_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def servers(raw: object) -> str:
    """Read ``host:port`` pairs with commas between."""
    rule = "must be host:port, or several with commas between"
    if not isinstance(raw, str):
        raise RefusedError(rule)
    for server in raw.split(","):
        match = re.fullmatch(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):([0-9]{1,5})", server)
        if match is None or not 1 <= int(match[1]) <= 65_535:
            raise RefusedError(rule)
    return raw


def _either(names: Collection[str]) -> str:
    return " or ".join(names)

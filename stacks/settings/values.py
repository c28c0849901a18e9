"""Readers of one context value each: text from the command line, or JSON's own type, to a typed value.

A reader returns the value or raises :class:`RefusedError` with the rule that was broken, as the words that
follow the variable's name: ``must be a whole number from 1 to 5``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from ipaddress import IPv4Network, ip_address, ip_network
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


def origin(raw: object) -> str:
    """Read the origin of a web page, or ``*`` for any."""
    if raw == "*":
        return "*"
    rule = "must be * or origins such as https://hub.example.org"
    try:
        given = url(raw)
    except RefusedError:
        raise RefusedError(rule) from None
    if urlsplit(given).path:
        raise RefusedError(rule)
    return given


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


def region(raw: object) -> str:
    """Read the name of an AWS region; those of China have another signer and other services."""
    if not isinstance(raw, str) or re.fullmatch(r"[a-z]{2}(-[a-z]+){1,2}-[0-9]", raw) is None:
        raise RefusedError("must be a region such as us-east-1")
    if raw.startswith("cn-"):
        raise RefusedError("must not be a region of China, where nothing of this was tried")
    return raw


def network(raw: object) -> str:
    """Read the IPv4 network of a VPC: with room for six subnets, and no larger than AWS takes."""
    found = _network(raw)
    if not 16 <= found.prefixlen <= 24:
        raise RefusedError("must be a network from /16 to /24")
    return str(found)


def any_network(raw: object) -> str:
    """Read an IPv4 network."""
    return str(_network(raw))


def _network(raw: object) -> IPv4Network:
    try:
        found = ip_network(raw) if isinstance(raw, str) else None
    except ValueError:
        found = None
    if not isinstance(found, IPv4Network) or "/" not in str(raw):
        raise RefusedError("must be an IPv4 network such as 10.42.0.0/16, without bits beyond its prefix")
    return found


def subnet_id(raw: object) -> str:
    """Read the id of a subnet."""
    return matching(r"subnet-[0-9a-f]{8,17}", "must be ids of subnets such as subnet-0a1b2c3d4e5f60718")(raw)


def mail_address(raw: object) -> str:
    """Read an address of mail."""
    return matching(r"[^@\s,]+@[^@\s,]+", "must be an address such as octopus@example.org")(raw)


def image(raw: object) -> str:
    """Read where the image of the web service comes from."""
    if raw in ("codebuild", "docker"):
        return str(raw)
    return matching(
        r"[0-9]{12}\.dkr\.ecr\.[a-z0-9-]+\.[a-z0-9.]+/[a-z0-9._/-]+@sha256:[0-9a-f]{64}",
        "must be codebuild, docker, or an image in ECR with its digest, as <registry>/<name>@sha256:<digest>",
    )(raw)


def session_minutes(raw: object) -> int:
    """Read the life of the longest session: between what AWS's tools can renew and what a role is given."""
    try:
        return whole_number(20, 60)(raw)
    except RefusedError:
        raise RefusedError(
            "must be a whole number from 20 to 60, since AWS's tools renew a session 15 minutes before its"
            " end, and a role that assumes a role gets an hour at most"
        ) from None


def several(one: Callable[[object], str], *, most: int | None = None) -> Callable[[object], tuple[str, ...]]:
    """Read a list, or text with commas between; no value twice, and none left empty.

    Args:
        most: values that AWS has room for; without it there is no such bound.
    """

    def read(raw: object) -> tuple[str, ...]:
        given = raw.split(",") if isinstance(raw, str) else raw
        if not isinstance(given, list | tuple) or not given:
            raise RefusedError("must be a list, or values with commas between")
        found = tuple(one(each.strip() if isinstance(each, str) else each) for each in given)
        if len(set(found)) < len(found):
            raise RefusedError("must not hold a value twice")
        if most is not None and len(found) > most:
            raise RefusedError(f"must hold at most {most} values")
        return found

    return read


def pairs(raw: object) -> tuple[tuple[str, str], ...]:
    """Read ``name=value,...`` or a table, as AWS takes tags."""
    rule = (
        "must be name=value, or several with commas between: names of 1 to 128 and values of up to 256"
        " characters of a-z, A-Z, 0-9, space and _.:/+@-, no name beginning aws:"
    )
    if isinstance(raw, str):
        split = [pair.partition("=") for pair in raw.split(",")]
        if not all(sign for _, sign, _ in split):
            raise RefusedError(rule)
        found = [(name.strip(), value.strip()) for name, _, value in split]
    elif isinstance(raw, Mapping):
        found = [(str(name), str(value)) for name, value in raw.items()]
    else:
        raise RefusedError(rule)
    allowed = r"[A-Za-z0-9 _.:/+@-]"
    for name, value in found:
        named = re.fullmatch(f"{allowed}{{1,128}}", name) and not name.lower().startswith("aws:")
        if not named or not re.fullmatch(f"{allowed}{{0,256}}", value):
            raise RefusedError(rule)
    if len({name for name, _ in found}) < len(found):
        raise RefusedError("must not hold a name twice")
    return tuple(sorted(found))


def _either(names: Collection[str]) -> str:
    return " or ".join(names)

"""AWS_MSK_IAM: the JSON that ``aws-msk-iam-auth`` and its kin send, which is a presigned request in pieces.

The client signs for the broker that it speaks to, so the signed host has to be one of that broker's names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import Any

from octopus.judge import signature
from octopus.judge.errors import RefusedError
from octopus.judge.signature import SECURITY_TOKEN, SIGNATURE, SIGNED, Presented

LONGEST_PAYLOAD = 8192
"""Characters; the Java client sends about 630, and a session's token comes on top."""
VERSION = "2020_10_22"
"""The only version of the payload that there is."""

_SIGV4_NAMES = {name.lower(): name for name in (*SIGNED, SIGNATURE, SECURITY_TOKEN)}
"""The payload writes SigV4's names in small letters."""
_UNSIGNED = frozenset({"version", "host", "user-agent"})
_PRINTABLE = re.compile(r"[ -~]+")
_HOST = re.compile(r"[A-Za-z0-9.:_-]{1,255}")


def parse(text: str, *, hosts: Collection[str], regions: frozenset[str], now: float) -> Presented:
    """The claims of a payload that is well formed, for this broker and within its time.

    Args:
        text: as the client sent it.
        hosts: the names that clients know the broker by; letters' case does not matter, as in DNS.
        regions: those whose scope is taken.
        now: epoch seconds.

    Raises:
        RefusedError: it is not what a signer writes, is for another host, or its time is over or too far
            ahead.
    """
    fields = _fields(text)
    unknown = fields.keys() - _SIGV4_NAMES.keys() - _UNSIGNED
    missing = (_SIGV4_NAMES.keys() | _UNSIGNED) - fields.keys() - {SECURITY_TOKEN.lower()}
    if unknown or missing:
        raise RefusedError("the payload's fields are not those of AWS_MSK_IAM")
    if fields["version"] != VERSION:
        raise RefusedError(f"version is not {VERSION}")
    host = fields["host"]
    if not _HOST.fullmatch(host):
        raise RefusedError("host is not the name of a host")
    if host.lower() not in {name.lower() for name in hosts}:
        raise RefusedError(f"host is {host}, which is not a name of this broker")
    signed = {_SIGV4_NAMES[name]: value for name, value in fields.items() if name in _SIGV4_NAMES}
    return signature.read(signed, host=host, regions=regions, now=now)


def _fields(text: str) -> dict[str, str]:
    if not 0 < len(text) <= LONGEST_PAYLOAD:
        raise RefusedError(f"a payload has 1 to {LONGEST_PAYLOAD} characters")
    if not _PRINTABLE.fullmatch(text):
        raise RefusedError("the payload is not printable ASCII text")
    try:
        fields = json.loads(text, object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError):
        raise RefusedError("the payload is not JSON") from None
    if not isinstance(fields, dict):
        raise RefusedError("the payload is not a JSON object")
    for value in fields.values():
        if not isinstance(value, str) or not _PRINTABLE.fullmatch(value):
            raise RefusedError("the payload's fields are not all printable ASCII text")
    return fields


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise RefusedError("the payload repeats a field")
    return fields

"""Addresses in replies, which have to be on the address that the client called.

The SDK takes a consumer's ``base_uri`` only if its origin is that of the service it knows.
"""

from __future__ import annotations

import json
import re
from urllib.parse import urlsplit, urlunsplit

_CREATE_CONSUMER = re.compile(r"/api/(v2/consumers/[^/]+|v3/[^/]+/consumers/[^/]+)")
"""The two routes, of the SDK now and before, whose reply holds an address; as they are on the wire."""
_API = "/api/"


def holds_address(method: str, path: str) -> bool:
    """Whether the reply to this request tells the client where to go on."""
    return method == "POST" and _CREATE_CONSUMER.fullmatch(path) is not None


def localised(body: bytes, own: str) -> bytes:
    """A reply whose ``base_uri`` is at ``own``, ``http://<host>:<port>``; any other reply as it is.

    What stands before ``/api/`` is the fabric's own affair: its origin, and the stage of its gateway.
    """
    try:
        reply = json.loads(body)
        address = urlsplit(reply["base_uri"])
    except (ValueError, TypeError, KeyError, AttributeError):
        return body
    start = address.path.find(_API)
    if start < 0:
        return body
    there = urlsplit(own)
    reply["base_uri"] = urlunsplit(
        (there.scheme, there.netloc, address.path[start:], address.query, address.fragment)
    )
    return json.dumps(reply).encode()

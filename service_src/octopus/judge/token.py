"""OAUTHBEARER tokens of AWS's IAM signers: a presigned URL of a Kafka endpoint, base64url without padding."""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import unquote_to_bytes

from octopus.judge import signature
from octopus.judge.errors import RefusedError
from octopus.judge.signature import Presented

LONGEST_TOKEN = 8192
"""Characters; a signer's token has about 520, and a session's about 500 more."""

_USER_AGENT = "User-Agent"
"""Signers append it after signing."""
_TOKEN = re.compile(r"[A-Za-z0-9_-]+")
# No path means the path "/": Java's signer writes it so, the others write the slash.
_URL = re.compile(
    r"https://(?P<host>kafka\.(?P<region>[a-z0-9-]{1,32})\.amazonaws\.com)/?\?(?P<query>[!-~]+)"
)


def parse(token: str, *, regions: frozenset[str], now: float) -> Presented:
    """The claims of a token that is well formed and within its time.

    Args:
        token: as the client sent it.
        regions: those whose scope is taken.
        now: epoch seconds.

    Raises:
        RefusedError: it is not what a signer writes, or its time is over or too far ahead.
    """
    url = _URL.fullmatch(_decode(token))
    if url is None:
        raise RefusedError("the token is not a presigned URL of a Kafka endpoint")
    # The host is that of the scope's region, and the region one that is taken.
    regions &= {url["region"]}
    return signature.read(_fields(url["query"]), host=url["host"], regions=regions, now=now)


def _decode(token: str) -> str:
    if not 0 < len(token) <= LONGEST_TOKEN:
        raise RefusedError(f"a token has 1 to {LONGEST_TOKEN} characters")
    if not _TOKEN.fullmatch(token):
        raise RefusedError("the token is not base64url without padding")
    try:
        decoded = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        text = decoded.decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        raise RefusedError("the token is not base64url of ASCII text") from None
    # One URL has one token: bits that decoding drops would make others.
    if base64.urlsafe_b64encode(decoded).rstrip(b"=").decode() != token:
        raise RefusedError("the token is not canonical base64url")
    return text


def _fields(query: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for pair in query.split("&"):
        name, separator, value = pair.partition("=")
        if not separator or "=" in value or name in fields:
            raise RefusedError("the token's query is malformed or repeats a field")
        try:
            fields[name] = unquote_to_bytes(value).decode("ascii")
        except UnicodeDecodeError:
            raise RefusedError("the token's query is not ASCII") from None
    fields.pop(_USER_AGENT, None)
    return fields

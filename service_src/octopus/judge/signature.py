"""Signature Version 4 of a presigned ``kafka-cluster:Connect``, whichever way a client sends its fields.

The fields are held to exactly those that a signer writes, and put together again in canonical form; only then
is the signature computed. Source of the form: Signature Version 4, "query parameters".
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote

from octopus.judge.errors import RefusedError

LONGEST_LIFE = 900
"""Seconds between signing and expiry."""
CLOCK_SKEW = 300
"""Seconds by which a signer's clock may be ahead."""

SIGNATURE = "X-Amz-Signature"
SECURITY_TOKEN = "X-Amz-Security-Token"  # noqa: S105
SIGNED = frozenset(
    {
        "Action",
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Expires",
        "X-Amz-SignedHeaders",
    }
)
"""What every signer signs; a session's signs its security token too."""

_SERVICE = "kafka-cluster"
_CREDENTIAL = re.compile(
    r"(?P<key>[A-Z0-9]{16,128})/(?P<date>[0-9]{8})/(?P<region>[a-z0-9-]+)/(?P<service>[a-z0-9-]+)/(?P<end>\w+)"
)
_TIMESTAMP = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True)
class Presented:
    """What a client claims; true only once its signature is checked."""

    access_key_id: str
    date: str
    """``YYYYMMDD`` of the signing key's scope."""
    region: str
    expires: int
    """Epoch seconds."""
    string_to_sign: bytes = field(repr=False)
    signature: str = field(repr=False)
    security_token_sha256: str | None = field(repr=False)
    """Hexadecimal; None when the client sent no security token."""


def read(fields: Mapping[str, str], *, host: str, regions: frozenset[str], now: float) -> Presented:
    """The claims of a request that is well formed and within its time; no secret is needed for that.

    Args:
        fields: the query of the presigned request, decoded, under SigV4's own names.
        host: the one header that is signed.
        regions: those whose scope is taken.
        now: epoch seconds.

    Raises:
        RefusedError: it is not what a signer writes, or its time is over or too far ahead.
    """
    if fields.keys() - {SECURITY_TOKEN} != SIGNED | {SIGNATURE}:
        raise RefusedError("the fields are not those of a presigned kafka-cluster:Connect")
    if not re.fullmatch(r"[0-9a-f]{64}", fields[SIGNATURE]):
        raise RefusedError("X-Amz-Signature is not 64 hexadecimal digits")
    credential = _CREDENTIAL.fullmatch(fields["X-Amz-Credential"])
    if credential is None or credential["service"] != _SERVICE or credential["end"] != "aws4_request":
        raise RefusedError("X-Amz-Credential is not a scope of kafka-cluster")
    if fields["Action"] != f"{_SERVICE}:Connect":
        raise RefusedError("Action is not kafka-cluster:Connect")
    if fields["X-Amz-Algorithm"] != "AWS4-HMAC-SHA256":
        raise RefusedError("X-Amz-Algorithm is not AWS4-HMAC-SHA256")
    if fields["X-Amz-SignedHeaders"] != "host":
        raise RefusedError("X-Amz-SignedHeaders is not host")
    if credential["region"] not in regions:
        raise RefusedError("the token is for another region")
    scope = f"{credential['date']}/{credential['region']}/{_SERVICE}/aws4_request"
    security_token = fields.get(SECURITY_TOKEN)
    return Presented(
        access_key_id=credential["key"],
        date=credential["date"],
        region=credential["region"],
        expires=_expiry(fields, date=credential["date"], now=now),
        string_to_sign=_string_to_sign(fields, host=host, scope=scope),
        signature=fields[SIGNATURE],
        security_token_sha256=None
        if security_token is None
        else hashlib.sha256(security_token.encode()).hexdigest(),
    )


def signing_key(*, secret_access_key: str, date: str, region: str) -> bytes:
    """The key that signs for one day and region; the secret cannot be had back from it."""
    key = f"AWS4{secret_access_key}".encode()
    for part in (date, region, _SERVICE, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def require_signature(presented: Presented, key: bytes) -> None:
    """Compare in constant time.

    Raises:
        RefusedError: this key did not sign it.
    """
    expected = hmac.digest(key, presented.string_to_sign, "sha256").hex()
    if not hmac.compare_digest(expected, presented.signature):
        raise RefusedError("the signature does not match")


def _expiry(fields: Mapping[str, str], *, date: str, now: float) -> int:
    timestamp = fields["X-Amz-Date"]
    if not _TIMESTAMP.fullmatch(timestamp) or timestamp[:8] != date:
        raise RefusedError("X-Amz-Date is not a time of the scope's day")
    try:
        signed = datetime.strptime(timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise RefusedError("X-Amz-Date is not a time") from None
    life = fields["X-Amz-Expires"]
    # JavaScript's signer writes milliseconds when the key's own end is nearer than the longest life.
    if not re.fullmatch(r"[1-9][0-9]{0,2}(\.[0-9]{1,3})?", life) or float(life) > LONGEST_LIFE:
        raise RefusedError(f"X-Amz-Expires is not 1 to {LONGEST_LIFE} seconds")
    if signed > now + CLOCK_SKEW:
        raise RefusedError("the token is signed in the future: the client's clock is ahead")
    expires = signed + float(life)
    if now >= expires:
        raise RefusedError("the token has expired, or the client's clock is behind")
    return int(expires)


def _string_to_sign(fields: Mapping[str, str], *, host: str, scope: str) -> bytes:
    signed = sorted(
        (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in fields.items()
        if name != SIGNATURE
    )
    query = "&".join(f"{name}={value}" for name, value in signed)
    request = f"GET\n/\n{query}\nhost:{host}\n\nhost\n{_EMPTY_SHA256}"
    digest = hashlib.sha256(request.encode()).hexdigest()
    return f"AWS4-HMAC-SHA256\n{fields['X-Amz-Date']}\n{scope}\n{digest}".encode()

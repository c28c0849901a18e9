"""Kafka tokens of AWS's IAM signers: a presigned ``kafka-cluster:Connect``, base64url without padding.

The token is taken apart, held to exactly the fields that a signer writes, and put together again in canonical
form; only then is its signature computed. Source of the form: Signature Version 4, "query parameters".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, unquote_to_bytes

from octopus.judge.errors import RefusedError

LONGEST_TOKEN = 4096
"""Characters; a signer's token has about 520."""
LONGEST_LIFE = 900
"""Seconds between signing and expiry."""
CLOCK_SKEW = 300
"""Seconds by which a signer's clock may be ahead."""

_SERVICE = "kafka-cluster"
_SIGNED = frozenset(
    {
        "Action",
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Expires",
        "X-Amz-SignedHeaders",
    }
)
_SIGNATURE = "X-Amz-Signature"
_SECURITY_TOKEN = "X-Amz-Security-Token"  # noqa: S105
_USER_AGENT = "User-Agent"
"""Signers append it after signing."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]+")
_URL = re.compile(r"https://(?P<host>kafka\.(?P<region>[a-z0-9-]{1,32})\.amazonaws\.com)/\?(?P<query>[!-~]+)")
_CREDENTIAL = re.compile(
    r"(?P<key>[A-Z0-9]{16,128})/(?P<date>[0-9]{8})/(?P<region>[a-z0-9-]+)/(?P<service>[a-z0-9-]+)/(?P<end>\w+)"
)
_TIMESTAMP = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True)
class Presented:
    """What a token claims; true only once its signature is checked."""

    access_key_id: str
    date: str
    """``YYYYMMDD`` of the signing key's scope."""
    region: str
    expires: int
    """Epoch seconds."""
    string_to_sign: bytes
    signature: str


def parse(token: str, *, regions: frozenset[str], now: float) -> Presented:
    """The claims of a token that is well formed and within its time; no secret is needed for that.

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
    fields = _fields(url["query"])
    credential = _CREDENTIAL.fullmatch(fields["X-Amz-Credential"])
    if credential is None or credential["service"] != _SERVICE or credential["end"] != "aws4_request":
        raise RefusedError("X-Amz-Credential is not a scope of kafka-cluster")
    if fields["Action"] != f"{_SERVICE}:Connect":
        raise RefusedError("Action is not kafka-cluster:Connect")
    if fields["X-Amz-Algorithm"] != "AWS4-HMAC-SHA256":
        raise RefusedError("X-Amz-Algorithm is not AWS4-HMAC-SHA256")
    if fields["X-Amz-SignedHeaders"] != "host":
        raise RefusedError("X-Amz-SignedHeaders is not host")
    if credential["region"] != url["region"] or credential["region"] not in regions:
        raise RefusedError("the token is for another region")
    expires = _expiry(fields, date=credential["date"], now=now)
    scope = f"{credential['date']}/{credential['region']}/{_SERVICE}/aws4_request"
    return Presented(
        access_key_id=credential["key"],
        date=credential["date"],
        region=credential["region"],
        expires=expires,
        string_to_sign=_string_to_sign(fields, host=url["host"], scope=scope),
        signature=fields[_SIGNATURE],
    )


def signing_key(*, secret_access_key: str, date: str, region: str) -> bytes:
    """The key that signs tokens of one day and region; the secret cannot be had back from it."""
    key = f"AWS4{secret_access_key}".encode()
    for part in (date, region, _SERVICE, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def require_signature(presented: Presented, key: bytes) -> None:
    """Compare in constant time.

    Raises:
        RefusedError: the token was not signed by this key.
    """
    expected = hmac.digest(key, presented.string_to_sign, "sha256").hex()
    if not hmac.compare_digest(expected, presented.signature):
        raise RefusedError("the signature does not match")


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
    if _SECURITY_TOKEN in fields:
        raise RefusedError("the token belongs to a session, and the fabric's keys have none")
    fields.pop(_USER_AGENT, None)
    if fields.keys() != _SIGNED | {_SIGNATURE}:
        raise RefusedError("the token's fields are not those of a presigned kafka-cluster:Connect")
    if not re.fullmatch(r"[0-9a-f]{64}", fields[_SIGNATURE]):
        raise RefusedError("X-Amz-Signature is not 64 hexadecimal digits")
    return fields


def _expiry(fields: dict[str, str], *, date: str, now: float) -> int:
    timestamp = fields["X-Amz-Date"]
    if not _TIMESTAMP.fullmatch(timestamp) or timestamp[:8] != date:
        raise RefusedError("X-Amz-Date is not a time of the scope's day")
    try:
        signed = datetime.strptime(timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise RefusedError("X-Amz-Date is not a time") from None
    life = fields["X-Amz-Expires"]
    if not re.fullmatch(r"[1-9][0-9]{0,2}", life) or int(life) > LONGEST_LIFE:
        raise RefusedError(f"X-Amz-Expires is not 1 to {LONGEST_LIFE} seconds")
    if signed > now + CLOCK_SKEW:
        raise RefusedError("the token is signed in the future: the client's clock is ahead")
    if now >= signed + int(life):
        raise RefusedError("the token has expired, or the client's clock is behind")
    return int(signed) + int(life)


def _string_to_sign(fields: dict[str, str], *, host: str, scope: str) -> bytes:
    signed = sorted((quote(name, safe="-_.~"), quote(fields[name], safe="-_.~")) for name in _SIGNED)
    query = "&".join(f"{name}={value}" for name, value in signed)
    request = f"GET\n/\n{query}\nhost:{host}\n\nhost\n{_EMPTY_SHA256}"
    digest = hashlib.sha256(request.encode()).hexdigest()
    return f"AWS4-HMAC-SHA256\n{fields['X-Amz-Date']}\n{scope}\n{digest}".encode()

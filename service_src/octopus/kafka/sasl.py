"""A broker's own answer to a token: the first two requests of every SASL connection, spoken by hand.

A client library hides what matters here: the mechanisms that a broker has, the words in which it refuses, and
for how long it lets one stay. Source of the format: Kafka's protocol guide, SaslHandshake v1 and
SaslAuthenticate v1.
"""

from __future__ import annotations

import json
import struct
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path
from ssl import SSLSocket
from typing import Final

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_fixed

from octopus.kafka.servers import Address, open_tls

ANSWER_S = 10.0
_HANDSHAKE: Final = 17
_AUTHENTICATE: Final = 36
_VERSION: Final = 1
_LONGEST: Final = 65_536
_TOKEN_LIVES_S: Final = (300, 600)
_NOTICEABLE_S: Final = 5.0


class NoVerdictError(Exception):
    """The broker closed the connection without saying yes or no."""


@dataclass(frozen=True)
class Verdict:
    """What a broker made of a token."""

    mechanisms: tuple[str, ...]
    """That the listener has."""
    refusal: str | None
    """The broker's words; None when it let the token in."""
    session_ms: int
    """For how long; 0 when nothing ends it."""


def sign(credentials: Credentials, *, region: str, life_s: int = 900) -> tuple[str, int]:
    """A Kafka token of AWS's IAM, and when it ends in seconds since the epoch.

    Unlike AWS's signers this one may choose how long the token lives, 900 s at most.
    """
    request = AWSRequest("GET", f"https://kafka.{region}.amazonaws.com/?Action=kafka-cluster%3AConnect")
    signed_at = int(time.time())  # the second that stands in the token
    SigV4QueryAuth(credentials, "kafka-cluster", region, expires=life_s).add_auth(request)
    token = urlsafe_b64encode(str(request.url).encode()).rstrip(b"=").decode()
    return token, signed_at + life_s


@retry(
    retry=retry_if_exception_type(NoVerdictError),
    wait=wait_fixed(1),
    stop=stop_after_attempt(3),
    reraise=True,
)
def present(address: Address, ca_file: Path | None, token: str) -> Verdict:
    """Show a token to one broker, by the mechanism OAUTHBEARER; without a verdict once more, as clients do.

    Raises:
        NoVerdictError: the broker closed the connection, each time.
        OSError: it cannot be reached, or not believed.
    """
    with open_tls(address, ca_file) as connection:
        connection.settimeout(ANSWER_S)
        try:
            mechanisms = _handshake(connection)
            if "OAUTHBEARER" not in mechanisms:
                return Verdict(mechanisms, "the listener has no mechanism OAUTHBEARER", 0)
            first = f"n,,\x01auth=Bearer {token}\x01\x01".encode()
            code, message, challenge, session_ms = _authenticate(connection, first)
            if code == 0 and challenge:
                # RFC 7628: the server says why in JSON, the client says that it has read it.
                code, _, _, _ = _authenticate(connection, b"\x01")
                message = _status(challenge)
        except (ConnectionError, EOFError) as error:
            raise NoVerdictError(f"{address} closed the connection without an answer") from error
        return Verdict(mechanisms, None if code == 0 else (message or f"error {code}"), session_ms)


def broker_ahead_s(
    address: Address, ca_file: Path | None, credentials: Credentials, region: str
) -> float | None:
    """By how many seconds a broker's clock is ahead of this machine's.

    A broker says for how long a session may go on, and ends it with its token: that is what is left of the
    token by the broker's own clock. None when sessions are shorter than that here, so that it can't be told.

    Raises:
        NoVerdictError, OSError: as `present`.
    """
    brokers_now = []
    for life_s in _TOKEN_LIVES_S:
        token, ends = sign(credentials, region=region, life_s=life_s)
        before = time.time()
        verdict = present(address, ca_file, token)
        ours = (before + time.time()) / 2
        if verdict.refusal is not None or verdict.session_ms == 0:
            return None
        brokers_now.append(ends - verdict.session_ms / 1000 - ours)
    first, second = brokers_now
    # With a limit of the broker's own, the longer-lived token would seem to move the clock.
    return first if abs(first - second) < _NOTICEABLE_S else None


def _handshake(connection: SSLSocket) -> tuple[str, ...]:
    body = _ask(connection, _HANDSHAKE, _string("OAUTHBEARER"))
    _error, count = struct.unpack_from(">hi", body)
    mechanisms, at = [], 6
    for _ in range(count):
        (length,) = struct.unpack_from(">h", body, at)
        mechanisms.append(body[at + 2 : at + 2 + length].decode())
        at += 2 + length
    return tuple(mechanisms)


def _authenticate(connection: SSLSocket, given: bytes) -> tuple[int, str | None, bytes, int]:
    body = _ask(connection, _AUTHENTICATE, struct.pack(">i", len(given)) + given)
    code, length = struct.unpack_from(">hh", body)
    at = 4 + max(length, 0)
    message = body[4:at].decode() if length >= 0 else None
    (size,) = struct.unpack_from(">i", body, at)
    challenge = body[at + 4 : at + 4 + max(size, 0)]
    (session_ms,) = struct.unpack_from(">q", body, at + 4 + max(size, 0))
    return code, message, challenge, session_ms


def _ask(connection: SSLSocket, api: int, body: bytes) -> bytes:
    request = struct.pack(">hhi", api, _VERSION, api) + _string("octopus-doctor") + body
    connection.sendall(struct.pack(">i", len(request)) + request)
    (size,) = struct.unpack(">i", _read(connection, 4))
    if not 4 <= size <= _LONGEST:
        raise EOFError("no Kafka answer")
    return _read(connection, size)[4:]  # after the number of the request


def _read(connection: SSLSocket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise EOFError("the connection ended")
        data += more
    return bytes(data)


def _string(text: str) -> bytes:
    return struct.pack(">h", len(text)) + text.encode()


def _status(challenge: bytes) -> str:
    try:
        return str(json.loads(challenge)["status"])
    except (ValueError, KeyError, TypeError):
        return "refused without a reason"

"""A broker's own answer to a token: the first two requests of every SASL connection, spoken by hand.

A client library hides what matters here: the mechanisms that a broker has, the words in which it refuses, and
for how long it lets one stay. Source of the format: Kafka's protocol guide, SaslHandshake v1 and
SaslAuthenticate v1.
"""

from __future__ import annotations

import json
import math
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
from tenacity import (
    Retrying,
    retry_if_exception_type,
    retry_if_not_exception_type,
    stop_after_attempt,
    stop_after_delay,
    wait_fixed,
)

from octopus.kafka.servers import Address, open_tls, seconds_left

ANSWER_S = 10.0
_AGAIN_S: Final = 1.0
_HANDSHAKE: Final = 17
_AUTHENTICATE: Final = 36
_VERSION: Final = 1
_LONGEST: Final = 65_536
_TOKEN_LIVES_S: Final = (300, 600)
_NOTICEABLE_S: Final = 5.0


class NoVerdictError(Exception):
    """The broker speaks TLS, and said neither yes nor no."""


class SilentError(NoVerdictError):
    """It kept the connection open and said nothing for as long as a client waits."""


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


def present(
    address: Address,
    ca_file: Path | None,
    token: str,
    *,
    client: str = "octopus-doctor",
    ends: float = math.inf,
) -> Verdict:
    """Show a token to one broker, by the mechanism OAUTHBEARER; without a verdict once more, as clients do.

    Args:
        client: who asks, for the broker's request log.
        ends: on the monotonic clock, when there is to be a verdict at the latest.

    Raises:
        NoVerdictError: the broker closed the connection, each time, or was silent.
        OSError: it cannot be reached, or not believed.
    """
    attempts = Retrying(
        retry=retry_if_exception_type(NoVerdictError) & retry_if_not_exception_type(SilentError),
        wait=wait_fixed(_AGAIN_S),
        stop=stop_after_attempt(3) | stop_after_delay(ends - time.monotonic() - _AGAIN_S),
        reraise=True,
    )
    return attempts(_presented, address, ca_file, token, client, ends)


def _presented(address: Address, ca_file: Path | None, token: str, client: str, ends: float) -> Verdict:
    with open_tls(address, ca_file, ends=ends) as connection:
        connection.settimeout(seconds_left(ends, most_s=ANSWER_S))
        try:
            mechanisms = _handshake(connection, client)
            if "OAUTHBEARER" not in mechanisms:
                return Verdict(mechanisms, "the listener has no mechanism OAUTHBEARER", 0)
            first = f"n,,\x01auth=Bearer {token}\x01\x01".encode()
            connection.settimeout(seconds_left(ends, most_s=ANSWER_S))
            code, message, challenge, session_ms = _authenticate(connection, client, first)
            if code == 0 and challenge:
                # RFC 7628: the server says why in JSON, the client says that it has read it.
                code, _, _, _ = _authenticate(connection, client, b"\x01")
                message = _status(challenge)
        except TimeoutError as error:
            raise SilentError(f"{address} gave no answer in time") from error
        except (ConnectionError, EOFError) as error:
            raise NoVerdictError(f"{address} closed the connection without an answer") from error
        except (struct.error, UnicodeDecodeError) as error:
            raise NoVerdictError(f"{address} gave an answer that is none of Kafka's") from error
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


def _handshake(connection: SSLSocket, client: str) -> tuple[str, ...]:
    body = _ask(connection, client, _HANDSHAKE, _string("OAUTHBEARER"))
    _error, count = struct.unpack_from(">hi", body)
    mechanisms, at = [], 6
    for _ in range(count):
        (length,) = struct.unpack_from(">h", body, at)
        mechanisms.append(body[at + 2 : at + 2 + length].decode())
        at += 2 + length
    return tuple(mechanisms)


def _authenticate(connection: SSLSocket, client: str, given: bytes) -> tuple[int, str | None, bytes, int]:
    body = _ask(connection, client, _AUTHENTICATE, struct.pack(">i", len(given)) + given)
    code, length = struct.unpack_from(">hh", body)
    at = 4 + max(length, 0)
    message = body[4:at].decode() if length >= 0 else None
    (size,) = struct.unpack_from(">i", body, at)
    challenge = body[at + 4 : at + 4 + max(size, 0)]
    (session_ms,) = struct.unpack_from(">q", body, at + 4 + max(size, 0))
    return code, message, challenge, session_ms


def _ask(connection: SSLSocket, client: str, api: int, body: bytes) -> bytes:
    request = struct.pack(">hhi", api, _VERSION, api) + _string(client) + body
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

"""What is found at the fabric's address: its readiness, and the newest event over HTTPS."""

from __future__ import annotations

import math
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import httpx
import structlog
from tenacity import (
    RetryCallState,
    RetryError,
    Retrying,
    retry_if_result,
    stop_after_attempt,
    stop_before_delay,
)

from octopus.heartbeat.names import NAMESPACE, TOPIC
from octopus.kafka.servers import seconds_left

if TYPE_CHECKING:
    from concurrent.futures import Future

RECORDS = f"/api/v3/public/{NAMESPACE}/{TOPIC}/records"
_CONNECT_S = 4.0
_ANSWER_S = 8.0
_READ_S = 20.0
"""To read the newest event, with all attempts."""
_ATTEMPTS = 3
"""At public records, of which everybody together gets some a second."""
_AGAIN_S = 1.0
"""Where the refusal does not say after how long."""

_UNREAD = (httpx.HTTPError, httpx.InvalidURL, ValueError, LookupError, TypeError)
"""What comes of an address that is away, or says something else."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class HttpsFound:
    """How a reader of public records fares. The address works when an event was read, however old it is, and
    when it has no room for another reader: it answers, and others read."""

    answers: bool
    seconds: float | None = None
    """Of the request for the newest event."""
    age_s: float | None = None
    """Of that event; None where the topic holds none, or its producer gave no time."""


def readiness(url: str) -> Mapping[str, bool] | None:
    """Which dependencies the web service says that it has; None when it does not answer."""
    try:
        reply = httpx.get(f"{url}/health/ready", timeout=_timeout(), verify=_trusting(), trust_env=False)
        checks = reply.json()["checks"]
        return {str(name): bool(answers) for name, answers in checks.items()}
    except (*_UNREAD, AttributeError) as error:
        _log.warning("heartbeat.service_not_ready", reason=type(error).__name__)
        return None


def newest_event(url: str, *, clock: Callable[[], float] = time.time) -> HttpsFound:
    """Read the newest event as anybody may."""
    ends = time.monotonic() + _READ_S
    try:
        with httpx.Client(base_url=url, verify=_trusting(), trust_env=False) as client:
            end = int(_ask(client, "latest", ends).json()["latest"])
            newest = _ask(client, str(max(0, end - 1)), ends)
            stamps = [
                record["timestamp"] / 1000
                for record in newest.json()["records"]
                if record["timestamp"] is not None
            ]
    except RetryError:
        # Others ask for as many public records as may be asked for.
        _log.info("heartbeat.no_room")
        return HttpsFound(answers=True)
    except _UNREAD as error:
        _log.warning("heartbeat.not_read", reason=type(error).__name__)
        return HttpsFound(answers=False)
    # The producer's clock may be ahead of this one.
    age_s = max(0.0, clock() - max(stamps)) if stamps else None
    return HttpsFound(answers=True, seconds=newest.elapsed.total_seconds(), age_s=age_s)


def answers(url: str, *, ca_file: Path | None = None) -> bool:
    """Whether a process says that it is well.

    Args:
        ca_file: PEM bundle that may have signed its certificate, besides the system's roots.
    """
    try:
        reply = httpx.get(url, timeout=_timeout(), verify=_trusting(ca_file), trust_env=False)
    except (httpx.HTTPError, httpx.InvalidURL, OSError):
        return False
    return reply.is_success


def _ask(client: httpx.Client, offset: str, ends: float) -> httpx.Response:
    def get() -> httpx.Response:
        return client.get(RECORDS, params={"offset": offset, "limit": 1}, timeout=_timeout(ends))

    again = Retrying(
        retry=retry_if_result(lambda reply: reply.status_code == httpx.codes.TOO_MANY_REQUESTS),
        wait=_as_told,
        stop=stop_after_attempt(_ATTEMPTS) | stop_before_delay(seconds_left(ends, most_s=_READ_S)),
    )
    return again(get).raise_for_status()


def _as_told(state: RetryCallState) -> float:
    """Seconds to wait after a refusal."""
    refusal = cast("Future[httpx.Response]", state.outcome).result()
    after = refusal.headers.get("Retry-After", "")
    return max(_AGAIN_S, float(after)) if after.isdecimal() else _AGAIN_S


def _timeout(ends: float = math.inf) -> httpx.Timeout:
    return httpx.Timeout(seconds_left(ends, most_s=_ANSWER_S), connect=seconds_left(ends, most_s=_CONNECT_S))


def _trusting(ca_file: Path | None = None) -> ssl.SSLContext:
    # httpx's own default is a bundle of its package, and knows no authority of an institution's own.
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context

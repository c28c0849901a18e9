"""What is found at the fabric's address: its readiness, and the newest event over HTTPS."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import structlog
from tenacity import Retrying, retry_if_result, stop_after_attempt, wait_fixed

from octopus.heartbeat.names import NAMESPACE, TOPIC

RECORDS = f"/api/v3/public/{NAMESPACE}/{TOPIC}/records"
_ANSWER_S = 8.0
_ATTEMPTS = 3
"""At public records, of which everybody together gets some a second."""
_AGAIN_S = 1.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class HttpsFound:
    """How a reader of public records fares. The address works when an event was read, however old it is."""

    answers: bool
    seconds: float | None = None
    """Of the request for the newest event."""
    age_s: float | None = None
    """Of that event; None where the topic holds none."""


def readiness(url: str) -> Mapping[str, bool] | None:
    """Which dependencies the web service says that it has; None when it does not answer."""
    try:
        checks = httpx.get(f"{url}/health/ready", timeout=_ANSWER_S, trust_env=False).json()["checks"]
        return {str(name): bool(answers) for name, answers in checks.items()}
    except (httpx.HTTPError, ValueError, LookupError, TypeError, AttributeError) as error:
        _log.warning("heartbeat.service_not_ready", reason=type(error).__name__)
        return None


def newest_event(url: str, *, clock: Callable[[], float] = time.time) -> HttpsFound:
    """Read the newest event as anybody may."""
    try:
        with httpx.Client(base_url=url, timeout=_ANSWER_S, trust_env=False) as client:
            end = int(_ask(client, "latest")["latest"])
            began = time.monotonic()
            records = _ask(client, str(max(0, end - 1)))["records"]
            seconds = time.monotonic() - began
            stamps = [record["timestamp"] / 1000 for record in records]
    except (httpx.HTTPError, ValueError, LookupError, TypeError) as error:
        _log.warning("heartbeat.not_read", reason=type(error).__name__)
        return HttpsFound(answers=False)
    # The producer's clock may be ahead of this one.
    age_s = max(0.0, clock() - max(stamps)) if stamps else None
    return HttpsFound(answers=True, seconds=seconds, age_s=age_s)


def answers(url: str) -> bool:
    """Whether a process says that it is well."""
    try:
        return httpx.get(url, timeout=_ANSWER_S, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _ask(client: httpx.Client, offset: str) -> Any:
    attempts = Retrying(
        retry=retry_if_result(lambda reply: reply.status_code == httpx.codes.TOO_MANY_REQUESTS),
        wait=wait_fixed(_AGAIN_S),
        stop=stop_after_attempt(_ATTEMPTS),
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
    )
    reply = attempts(client.get, RECORDS, params={"offset": offset, "limit": 1})
    return reply.raise_for_status().json()

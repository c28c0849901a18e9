"""From when on a new key can be used: IAM takes some seconds to spread it over AWS."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import BoundedSemaphore

import structlog
from botocore.exceptions import BotoCoreError, ClientError
from tenacity import Retrying, retry_if_exception, stop_before_delay, wait_random_exponential

from octopus import aws
from octopus.credentials.models import UsableKey

WAITED = timedelta(seconds=8)
"""After a key was made its reply waits no longer: with the waits for the account's turn and for a new user
before it, and a last question, the reply comes within 25 s. The gateway gives up at 29 s."""
SPREAD = timedelta(seconds=60)
"""After this long a key is known that was not within `WAITED`; seconds are usual, AWS promises nothing."""
MOST_WAITING = 10
"""Replies that wait at once: each holds one of the 40 threads that answer requests."""

_places = BoundedSemaphore(MOST_WAITING)
_log = structlog.get_logger(__name__)


def is_old(key: UsableKey) -> bool:
    """Whether the key was made so long ago that it is known everywhere."""
    return datetime.now(UTC) - datetime.fromisoformat(key.created) >= SPREAD


def usable_after(key: UsableKey) -> str:
    """Wait until STS takes the new key, if not too many wait already; brokers ask the same IAM.

    Returns:
        From when on it can be used (ISO-8601, UTC): now or, when STS did not take it in time, the moment by
        which it should be known everywhere.
    """
    if not _places.acquire(blocking=False):
        return _known_everywhere(key)
    try:
        return _when_taken(key)
    finally:
        _places.release()


def _when_taken(key: UsableKey) -> str:
    left = datetime.fromisoformat(key.created) + WAITED - datetime.now(UTC)
    attempts = Retrying(
        retry=retry_if_exception(_is_unknown),
        wait=wait_random_exponential(multiplier=0.2, max=2),
        stop=stop_before_delay(max(0.0, left.total_seconds())),
        reraise=True,
    )
    try:
        attempts(aws.sts_of(key.access_key_id, key.secret).get_caller_identity)
    except (BotoCoreError, ClientError) as error:
        _log.warning("key.not_known_yet", access_key_id=key.access_key_id, reason=type(error).__name__)
        return _known_everywhere(key)
    return datetime.now(UTC).isoformat(timespec="seconds")


def _known_everywhere(key: UsableKey) -> str:
    return (datetime.fromisoformat(key.created) + SPREAD).isoformat(timespec="seconds")


def _is_unknown(error: BaseException) -> bool:
    return isinstance(error, ClientError) and error.response["Error"]["Code"] == "InvalidClientTokenId"

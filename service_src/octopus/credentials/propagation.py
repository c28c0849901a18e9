"""From when on a new key can be used: IAM takes some seconds to spread it over AWS."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import structlog
from botocore.exceptions import BotoCoreError, ClientError
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from octopus import aws
from octopus.credentials.models import UsableKey

WAITED = timedelta(seconds=20)
"""After a key was made, its reply waits no longer: the gateway gives up at 29 s."""
SPREAD = timedelta(seconds=60)
"""After this long a key is known that was not within `WAITED`; seconds are usual, AWS promises nothing."""

_log = structlog.get_logger(__name__)


def is_old(key: UsableKey) -> bool:
    """Whether the key was made so long ago that nobody waits for it any more."""
    return datetime.now(UTC) - datetime.fromisoformat(key.created) >= WAITED


def usable_after(key: UsableKey) -> str:
    """Wait until STS takes the new key; brokers ask the same IAM.

    Returns:
        From when on it can be used (ISO-8601, UTC): now or, when STS did not take it in time, the moment by
        which it should be known everywhere.
    """
    made = datetime.fromisoformat(key.created)
    left = (made + WAITED - datetime.now(UTC)).total_seconds()
    attempts = Retrying(
        retry=retry_if_exception(_is_unknown),
        wait=wait_random_exponential(multiplier=0.2, max=2),
        stop=stop_after_delay(max(0.0, left)),
        reraise=True,
    )
    try:
        attempts(aws.sts_of(key.access_key_id, key.secret).get_caller_identity)
    except (BotoCoreError, ClientError) as error:
        _log.warning("key.not_known_yet", access_key_id=key.access_key_id, reason=type(error).__name__)
        return (made + SPREAD).isoformat(timespec="seconds")
    return datetime.now(UTC).isoformat(timespec="seconds")


def _is_unknown(error: BaseException) -> bool:
    return isinstance(error, ClientError) and error.response["Error"]["Code"] == "InvalidClientTokenId"

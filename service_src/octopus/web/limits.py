"""How many requests a second a caller gets through."""

from __future__ import annotations

import math
import threading
import time

from cachetools import TTLCache, cached
from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from octopus.errors import OverLimitError
from octopus.quotas.models import Limit
from octopus.quotas.service import Quotas

_KNOWN_S = 30.0
"""How long after an operator has set somebody's limit it is in force at most."""
_MOST_CALLERS = 10_000


class RequestRates:
    """Counts requests of each subject, in this replica alone. Safe to share between threads."""

    def __init__(self, quotas: Quotas, *, replicas: int) -> None:
        """
        Args:
            replicas: of the service; each lets its share through.
        """
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._replicas = replicas
        known: TTLCache[str, int] = TTLCache(_MOST_CALLERS, _KNOWN_S)
        self._limit = cached(known, lock=threading.Lock())(
            lambda subject: quotas.limit(subject, Limit.REQUESTS)
        )

    def require(self, subject: str) -> None:
        """The subject may make one more request now.

        Raises:
            OverLimitError: as many as it may make have come already.
        """
        limit = self._limit(subject)
        if limit == 0:
            return
        # So many in as many seconds as there are replicas: a share of any limit, without rounding.
        share = RateLimitItemPerSecond(limit, multiples=self._replicas)
        if not self._limiter.hit(share, subject):
            wait = self._limiter.get_window_stats(share, subject).reset_time - time.time()
            raise OverLimitError(
                f"requests: at most {limit} a second, over all replicas of the service: nothing was done",
                retry_after_s=max(1, math.ceil(wait)),
            )

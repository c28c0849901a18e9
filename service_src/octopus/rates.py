"""How many requests a second come through, where several replicas each let their share pass."""

from __future__ import annotations

import math
import time

from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter


class SharedRate:
    """Counts requests in this replica alone. Safe to share between threads."""

    def __init__(self, *, replicas: int) -> None:
        """
        Args:
            replicas: of the service; each lets its share through.
        """
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._replicas = replicas

    def wait_s(self, limit: int, *who: str) -> int | None:
        """Count one more request; None when it may come, else the whole seconds until one may again.

        Args:
            limit: requests a second over all replicas; at least 1.
            who: is counted apart from others; nobody in particular when left out.
        """
        # So many in as many seconds as there are replicas: a share of any limit, without rounding.
        share = RateLimitItemPerSecond(limit, multiples=self._replicas)
        if self._limiter.hit(share, *who):
            return None
        return max(1, math.ceil(self._limiter.get_window_stats(share, *who).reset_time - time.time()))

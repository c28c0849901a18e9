"""How many requests a second a caller gets through."""

from __future__ import annotations

import threading

from cachetools import TTLCache, cached

from octopus.errors import OverLimitError
from octopus.quotas.models import Limit
from octopus.quotas.service import Quotas
from octopus.rates import SharedRate

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
        self._rate = SharedRate(replicas=replicas)
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
        wait_s = self._rate.wait_s(limit, subject)
        if wait_s is not None:
            raise OverLimitError(
                f"requests: at most {limit} a second, over all replicas of the service: nothing was done",
                retry_after_s=wait_s,
            )

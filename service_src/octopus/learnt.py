"""What AWS knows and may know otherwise later: asked for when it is needed, and again after a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

import structlog
from botocore.exceptions import BotoCoreError, ClientError

AGAIN_S = 5.0
"""After a question without an answer the next is asked so much later: a request waits for each one."""

Known = TypeVar("Known")

_log = structlog.get_logger(__name__)


class Learnt(Generic[Known]):
    """The last answer, which is kept while AWS gives no other. Safe to share between threads.

    Args:
        what: in a word, for the log.
        ask: gives the answer; None when there is none yet.
        lasts_s: seconds after which an answer is asked for again.
        clock: seconds, of this process.
    """

    def __init__(
        self,
        what: str,
        ask: Callable[[], Known | None],
        *,
        lasts_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._what = what
        self._ask = ask
        self._lasts_s = lasts_s
        self._clock = clock
        self._known: Known | None = None
        self._due = clock()
        self._lock = threading.Lock()

    def get(self) -> Known | None:
        """What is known; None when AWS has given no answer so far."""
        # Whoever comes while another one asks has the old answer, and waits only when there is none.
        if self._clock() >= self._due and self._lock.acquire(blocking=self._known is None):
            try:
                if self._clock() >= self._due:
                    self._learn()
            finally:
                self._lock.release()
        return self._known

    def _learn(self) -> None:
        try:
            answer = self._ask()
        except (BotoCoreError, ClientError) as error:
            # By its kind only: what was asked for may be a secret.
            _log.warning("aws.not_learnt", what=self._what, reason=_kind(error))
            answer = None
        if answer is not None:
            if answer != self._known:
                _log.info("aws.learnt", what=self._what)
            self._known = answer
        self._due = self._clock() + (self._lasts_s if answer is not None else AGAIN_S)


def _kind(error: BotoCoreError | ClientError) -> str:
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code"))
    return type(error).__name__

"""Something done for every account again and again, a few accounts at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import islice

import structlog

from octopus.registry.transactions import CUT_SHORT

_log = structlog.get_logger(__name__)


class Rounds:
    """Goes round all accounts for ever; several replicas may, if what is done may be done twice.

    Args:
        subjects: every subject that has an account.
        see_to: what is done for one; it may be cut short, and then is done again in the next round.
        passed_over: event of the log when that happens.
        at_once: accounts in one go (`run`).
        round_s: seconds from the beginning of one round to that of the next, at least.
    """

    def __init__(
        self,
        subjects: Callable[[], Iterator[str]],
        see_to: Callable[[str], None],
        *,
        passed_over: str,
        at_once: int,
        round_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._subjects = subjects
        self._see_to = see_to
        self._passed_over = passed_over
        self._at_once = at_once
        self._round_s = round_s
        self._clock = clock
        self._round: Iterator[str] = iter(())
        self._next_round = clock()
        self._under_way = False

    def due(self) -> bool:
        """Whether there is anything to do; no while a round is over early."""
        return self._under_way or self._clock() >= self._next_round

    def run(self) -> None:
        """Look at the next few accounts; nothing to do while a round is over early."""
        subjects = list(islice(self._round, self._at_once))
        if not subjects and self._clock() >= self._next_round:
            self._next_round = self._clock() + self._round_s
            self._round = self._subjects()
            subjects = list(islice(self._round, self._at_once))
        self._under_way = len(subjects) == self._at_once
        for subject in subjects:
            try:
                self._see_to(subject)
            except CUT_SHORT as error:
                # Its turn comes again in the next round.
                _log.warning(self._passed_over, subject=subject, reason=type(error).__name__)

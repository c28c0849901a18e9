"""Keys brought in line with the clock and with IAM, a few accounts at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import islice

import structlog

from octopus.accounts.service import Accounts
from octopus.credentials.keys import Keys
from octopus.registry.transactions import CUT_SHORT

AT_ONCE = 25
"""Accounts in one go; each costs a read of the table and, if it has keys, one of IAM."""
ROUND_S = 120.0
"""Seconds from the beginning of one round through all accounts to that of the next, at least."""

_log = structlog.get_logger(__name__)


class Upkeep:
    """Goes round all accounts for ever; several replicas may, since each change wants the account's turn."""

    def __init__(
        self, accounts: Accounts, keys: Keys, *, unused_days: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._accounts = accounts
        self._keys = keys
        self._unused_after = timedelta(days=unused_days) if unused_days else None
        self._clock = clock
        self._round: Iterator[str] = iter(())
        self._next_round = clock()

    def run(self) -> None:
        """Look at the next few accounts' keys; nothing to do while a round is over early."""
        subjects = list(islice(self._round, AT_ONCE))
        if not subjects and self._clock() >= self._next_round:
            self._next_round = self._clock() + ROUND_S
            self._round = self._accounts.subjects()
            subjects = list(islice(self._round, AT_ONCE))
        for subject in subjects:
            try:
                self._keys.tend(subject, unused_after=self._unused_after)
            except CUT_SHORT as error:
                # Its turn comes again in the next round.
                _log.warning("keys.not_tended", subject=subject, reason=type(error).__name__)

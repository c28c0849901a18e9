"""Keys brought in line with the clock and with IAM, a few accounts at a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from octopus.accounts.rounds import Rounds
from octopus.accounts.service import Accounts
from octopus.credentials.keys import Keys

AT_ONCE = 25
"""Accounts in one go; each costs a read of the table and, if it has keys, one of IAM."""
ROUND_S = 120.0
"""Seconds from the beginning of one round through all accounts to that of the next, at least."""


class Upkeep(Rounds):
    """Goes round all accounts' keys; several replicas may, since each change wants the account's turn."""

    def __init__(
        self, accounts: Accounts, keys: Keys, *, unused_days: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        unused_after = timedelta(days=unused_days) if unused_days else None
        super().__init__(
            accounts.subjects,
            lambda subject: keys.tend(subject, unused_after=unused_after),
            passed_over="keys.not_tended",
            at_once=AT_ONCE,
            round_s=ROUND_S,
            clock=clock,
        )

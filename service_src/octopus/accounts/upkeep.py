"""Policies brought in line with what this release writes, a few accounts at a time."""

from __future__ import annotations

import time
from collections.abc import Callable

from octopus.accounts.rounds import Rounds
from octopus.accounts.service import Accounts

EVERY_S = 30.0
"""Seconds from one go to the next."""
_AT_ONCE = 5
"""Accounts in one go. To write one's policies takes about ten calls of IAM, which throttles everybody in the
AWS account together: after an upgrade that changes all policies this round makes two a second."""
_ROUND_S = 86_400.0
"""Of a round; the first begins with the process, and so with each release."""


def policies(accounts: Accounts, *, clock: Callable[[], float] = time.monotonic) -> Rounds:
    """The round that writes policies which would be other ones if they were written now.

    So everybody gets what a release gives to all, and not only who comes by.
    """
    return Rounds(
        accounts.subjects,
        accounts.bring_up_to_date,
        passed_over="policies.not_up_to_date",
        at_once=_AT_ONCE,
        round_s=_ROUND_S,
        clock=clock,
    )

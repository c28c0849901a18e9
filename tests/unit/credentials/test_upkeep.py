"""Rounds through all accounts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from octopus.accounts.service import Accounts
from octopus.credentials.keys import Keys
from octopus.credentials.upkeep import AT_ONCE, ROUND_S, Upkeep
from octopus.errors import UnavailableError


class ManyAccounts(Accounts):
    """As many as a few goes take."""

    def __init__(self, count: int) -> None:
        self.names = [f"s{number}" for number in range(count)]

    def subjects(self) -> Iterator[str]:
        return iter(self.names)


class TendedKeys(Keys):
    """Notes whose keys were tended; the first subject's turn is never to be had."""

    def __init__(self) -> None:
        self.tended: list[str] = []
        self.unused_after: set[timedelta | None] = set()

    def tend(self, subject: str, *, unused_after: timedelta | None) -> None:
        self.unused_after.add(unused_after)
        if subject == "s0":
            raise UnavailableError("busy")
        self.tended.append(subject)


def test_round_goes_through_all_accounts_a_few_at_a_time_and_rests_before_the_next() -> None:
    now = 0.0
    accounts, keys = ManyAccounts(2 * AT_ONCE + 1), TendedKeys()
    upkeep = Upkeep(accounts, keys, unused_days=90, clock=lambda: now)

    upkeep.run()
    assert keys.tended == accounts.names[1:AT_ONCE], "one that fails does not stop the others"
    for _ in range(4):
        upkeep.run()
    assert keys.tended == accounts.names[1:]
    now = ROUND_S
    upkeep.run()

    assert keys.tended == [*accounts.names[1:], *accounts.names[1:AT_ONCE]]
    assert keys.unused_after == {timedelta(days=90)}


def test_zero_days_let_unused_keys_live() -> None:
    keys = TendedKeys()

    Upkeep(ManyAccounts(2), keys, unused_days=0).run()

    assert keys.unused_after == {None}

"""Rounds through all accounts for their policies; those for keys have tests in tests/unit/credentials."""

from __future__ import annotations

from collections.abc import Iterator

from octopus.accounts import upkeep
from octopus.accounts.service import Accounts
from octopus.errors import Failure

DAY_S = 86_400.0


class ManyAccounts(Accounts):
    """Of which one has more rights than IAM has room for."""

    def __init__(self, count: int) -> None:
        self.names = [f"s{number}" for number in range(count)]
        self.looked_at: list[str] = []

    def subjects(self) -> Iterator[str]:
        return iter(self.names)

    def bring_up_to_date(self, subject: str) -> None:
        self.looked_at.append(subject)
        if subject == "s1":
            raise Failure("no room")


def test_policies_are_looked_through_ten_accounts_a_minute_and_once_a_day() -> None:
    now = 0.0
    accounts = ManyAccounts(25)
    policies = upkeep.policies(accounts, clock=lambda: now)

    while now < 60:
        policies.run()
        now += upkeep.EVERY_S
    assert accounts.looked_at == accounts.names[:10], "one that fails does not stop the others"
    goes = 0
    while now < DAY_S:
        if policies.due():
            goes += 1
            policies.run()
        now += upkeep.EVERY_S
    assert accounts.looked_at == accounts.names
    assert goes == 4, "the last finds nobody left"
    assert policies.due(), "a day is over"
    policies.run()

    assert accounts.looked_at[25:] == accounts.names[:5]

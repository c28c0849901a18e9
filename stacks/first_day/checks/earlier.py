"""Whether an earlier deployment failed half-way and stands in the way of the next."""

from __future__ import annotations

from collections.abc import Iterator

from stacks.first_day.account import Account
from stacks.first_day.findings import Finding, fails, ok
from stacks.first_day.stacks import Standing, standing


def check(account: Account, *, fix: bool) -> Iterator[Finding]:
    """Yield each stack that never came to be, or that there is none."""
    found = standing(account)
    failed = [each for each in found if each.standing is Standing.FAILED]
    for each in failed:
        yield fails(
            "earlier deployment",
            f"{each.name} is {each.status}",
            f"see what is left, then take it away: scripts/clean-failed {account.words} [--remove]",
        )
    if not failed:
        live = [each.name for each in found if each.standing is Standing.LIVE]
        yield ok("earlier deployment", f"live: {', '.join(live)}" if live else "none")

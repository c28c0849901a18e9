"""Whether AWS knows the operator, in the region of the installation."""

from __future__ import annotations

from collections.abc import Iterator

from stacks.first_day.account import Account, default_region
from stacks.first_day.findings import Finding, fails, ok


def check(account: Account, *, fix: bool) -> Iterator[Finding]:
    """Yield who the caller is, and whether other tools would go to the same region.

    Raises:
        BotoCoreError: there are no credentials.
        ClientError: AWS does not take them.
    """
    yield ok("credentials", f"account {account.id}, as {account.caller}")
    region, usual = account.settings.region, default_region()
    if usual == region:
        yield ok("region", region)
    else:
        yield fails(
            "region",
            f"the stacks go to {region}, and your other commands to {usual or 'none'}",
            f"let all commands go there: export AWS_REGION={region} AWS_DEFAULT_REGION={region}",
        )

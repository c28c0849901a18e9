"""Log groups that stacks made and left."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from stacks.first_day.account import Account
from stacks.first_day.left.leftover import Leftover
from stacks.first_day.stacks import PARTS


def find(account: Account, live: frozenset[str]) -> Iterator[Leftover]:
    """Yield each log group that no live stack has."""
    logs, settings = account.client("logs"), account.settings
    named = f"octopus-{re.escape(settings.institution)}"
    # CloudFormation puts a construct's name, with its capital, after the stack's: `anl` is not `anl-service`.
    by_stack = re.compile(rf"{named}-({'|'.join(PARTS)})-[A-Z]|/octopus/{re.escape(settings.institution)}/")
    for prefix in (f"octopus-{settings.institution}-", f"/octopus/{settings.institution}/"):
        for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix):
            for group in page["logGroups"]:
                name = group["logGroupName"]
                if name not in live and by_stack.match(name):
                    yield Leftover(
                        kind="log group",
                        name=name,
                        holds_data=group.get("storedBytes", 0) > 0,
                        cost="about 0.03 USD a GB",
                        remove=partial(logs.delete_log_group, logGroupName=name),
                    )

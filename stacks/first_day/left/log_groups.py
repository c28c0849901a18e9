"""Log groups that stacks made and left."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from stacks.first_day.account import Account
from stacks.first_day.left.leftover import Leftover
from stacks.first_day.stacks import PARTS

PREFIXES = ("", "/aws/vendedlogs/", "aws-waf-logs-")
"""What AWS wants in front of the names of some."""


def is_of(institution: str, name: str) -> bool:
    """Return whether a log group of this name is the institution's."""
    named = f"octopus-{re.escape(institution)}"
    # CloudFormation puts a construct's name, with its capital, after the stack's: `anl` is not `anl-service`.
    by_stack = rf"{named}-({'|'.join(PARTS)})-[A-Z].*"
    # With the id of a stack at its end, and nothing before that: `anl` is not `anl-gateway-x`.
    by_web_acl = rf"aws-waf-logs-{named}-gateway-[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}"
    return re.fullmatch(rf"{by_stack}|/aws/vendedlogs/{named}-kafka|{by_web_acl}", name) is not None


def find(account: Account, live: frozenset[str]) -> Iterator[Leftover]:
    """Yield each log group that no live stack has."""
    logs, institution = account.client("logs"), account.settings.institution
    for prefix in (f"{each}octopus-{institution}-" for each in PREFIXES):
        for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix):
            for group in page["logGroups"]:
                name = group["logGroupName"]
                if name not in live and is_of(institution, name):
                    yield Leftover(
                        kind="log group",
                        name=name,
                        holds_data=group.get("storedBytes", 0) > 0,
                        cost="about 0.03 USD a GB",
                        remove=partial(logs.delete_log_group, logGroupName=name),
                    )

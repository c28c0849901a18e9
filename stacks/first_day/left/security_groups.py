"""The brokers' security group, which stays as long as they do and keeps its VPC from going."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from stacks.first_day.account import Account
from stacks.first_day.left import clusters
from stacks.first_day.left.leftover import Leftover


def prefix(institution: str) -> str:
    """Return how the group's name begins: CloudFormation makes it of the stack's and the construct's."""
    return f"octopus-{institution}-network-BrokerAccess"


def find(account: Account, live: frozenset[str]) -> Iterator[Leftover]:
    """Yield the group, if no live stack has it."""
    if not account.settings.on_msk:
        return
    ec2, beginning = account.client("ec2"), prefix(account.settings.institution)
    for page in ec2.get_paginator("describe_security_groups").paginate():
        for group in page["SecurityGroups"]:
            if group["GroupName"].startswith(beginning) and group["GroupId"] not in live:
                yield Leftover(
                    kind="security group",
                    name=group["GroupId"],
                    holds_data=False,
                    cost="nothing",
                    used_by=clusters.KIND,
                    remove=partial(ec2.delete_security_group, GroupId=group["GroupId"]),
                )

"""The stacks of one institution in CloudFormation: which there are, and whether each ever came to be."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from botocore.exceptions import ClientError

from stacks.first_day.account import Account

PARTS = ("network", "kafka", "foundation", "hosting", "service", "monitoring", "protection", "budget")
"""In the order in which they are made; the last is taken away first."""

_NEVER = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "REVIEW_IN_PROGRESS")


class Standing(StrEnum):
    """Of a stack that is there."""

    LIVE = "live"
    FAILED = "failed"
    """Its creation never ended well: there is nothing in it that anybody used."""
    MOVING = "moving"


@dataclass(frozen=True, kw_only=True)
class Found:
    """A stack that is there."""

    part: str
    name: str
    status: str
    protected: bool
    standing: Standing


def standing(account: Account) -> list[Found]:
    """Return the institution's stacks that are there, in the order in which they are made."""
    cloudformation = account.client("cloudformation")
    found = []
    for part in PARTS:
        name = account.settings.named(part)
        try:
            (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if "does not exist" not in error.response["Error"]["Message"]:
                raise
            continue
        found.append(
            Found(
                part=part,
                name=name,
                status=stack["StackStatus"],
                protected=stack.get("EnableTerminationProtection", False),
                standing=_standing(cloudformation, stack),
            )
        )
    return found


def resources_of(account: Account, stack: Found) -> list[str]:
    """Return the physical ids of what the stack has."""
    pages = (
        account.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack.name)
    )
    return [
        resource["PhysicalResourceId"]
        for page in pages
        for resource in page["StackResourceSummaries"]
        if resource.get("PhysicalResourceId") and resource["ResourceStatus"] != "DELETE_COMPLETE"
    ]


def _standing(cloudformation: Any, stack: dict[str, Any]) -> Standing:
    status = stack["StackStatus"]
    if status in _NEVER:
        return Standing.FAILED
    if status == "DELETE_FAILED":
        return Standing.LIVE if _was_created(cloudformation, stack) else Standing.FAILED
    return Standing.MOVING if status.endswith("_IN_PROGRESS") else Standing.LIVE


def _was_created(cloudformation: Any, stack: dict[str, Any]) -> bool:
    pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack["StackId"])
    return any(
        event["PhysicalResourceId"] == stack["StackId"] and event["ResourceStatus"] == "CREATE_COMPLETE"
        for page in pages
        for event in page["StackEvents"]
    )

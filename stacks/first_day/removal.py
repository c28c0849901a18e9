"""Takes a stack away that never came to be."""

from __future__ import annotations

from botocore.exceptions import WaiterError

from stacks.first_day.account import Account
from stacks.first_day.stacks import Found, Standing, standing

_WAIT = {"Delay": 5, "MaxAttempts": 720}
"""An hour: a cluster or a balancer takes its time."""


def remove_stack(account: Account, stack: Found) -> None:
    """Delete the stack and return when it is gone; what it cannot delete is let go and found afterwards.

    The CDK protects a stack against termination before it is made, so that one which failed is protected too,
    and neither the CDK nor CloudFormation would take it away.

    Raises:
        RuntimeError: the stack came to be once: it is not this function's to remove.
        WaiterError: it is still there after an hour.
    """
    (now,) = [each for each in standing(account) if each.name == stack.name]
    if now.standing is not Standing.FAILED:
        raise RuntimeError(f"{now.name} is {now.status}: it came to be, and stays")
    cloudformation = account.client("cloudformation")
    if now.protected:
        cloudformation.update_termination_protection(StackName=now.name, EnableTerminationProtection=False)
    cloudformation.delete_stack(StackName=now.name)
    gone = cloudformation.get_waiter("stack_delete_complete")
    try:
        gone.wait(StackName=now.name, WaiterConfig=_WAIT)
    except WaiterError:
        stuck = [
            resource["LogicalResourceId"]
            for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=now.name)
            for resource in page["StackResourceSummaries"]
            if resource["ResourceStatus"] == "DELETE_FAILED"
        ]
        if not stuck:
            raise
        cloudformation.delete_stack(StackName=now.name, RetainResources=stuck)
        gone.wait(StackName=now.name, WaiterConfig=_WAIT)

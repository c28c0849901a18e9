"""What the fabric calls the policies that it writes, so that whoever reads IAM knows them again."""

from __future__ import annotations

import re

INLINE_POLICY_NAME = "octopus"
"""Name of a tenant's one inline policy."""
MANAGED_POLICY_PATH = "/msk-policies/"
"""IAM path of every managed policy of a tenant."""


def managed_policy_name(*, institution: str, user_name: str, number: int) -> str:
    """The user's managed policy of this number, from 1 on; unique in the AWS account."""
    return f"octopus-{institution}-{user_name}-{number}"


def managed_policy_number(arn: str, *, user_name: str) -> int | None:
    """Which of the user's own managed policies this is; None for any other."""
    name = re.escape(user_name)
    own = re.fullmatch(
        rf"arn:[a-z-]+:iam::\d+:policy{MANAGED_POLICY_PATH}octopus-[^/]+-{name}-([1-9]\d?)", arn, re.ASCII
    )
    return int(own[1]) if own else None

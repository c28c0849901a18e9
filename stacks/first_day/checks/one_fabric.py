"""Whether another fabric of this account makes IAM users: their names are one pool, whatever their path."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from stacks.first_day.account import Account
from stacks.first_day.findings import Finding, fails, ok

USERS_PATH = "/msk-users/"
FABRIC_TAG = "octopus:fabric"
_LOOKED_AT = 100
"""Users; a fabric's are all its own, so that a few tell whose they are."""


def check(account: Account, *, fix: bool) -> Iterator[Finding]:
    """Yield whose the users of Kafka in this account are."""
    if account.settings.credentials != "iam-user":
        return
    iam, institution = account.client("iam"), account.settings.institution
    pages = iam.get_paginator("list_users").paginate(PathPrefix=USERS_PATH)
    users = islice((user for page in pages for user in page["Users"]), _LOOKED_AT)
    others = {
        owner for user in users if (owner := _fabric_of(iam, user["UserName"])) not in (None, institution)
    }
    if others:
        yield fails(
            "one fabric with IAM users",
            f"this account has users of {', '.join(sorted(map(str, others)))}",
            "take another account, or -c credentials=session, which makes no users",
        )
    else:
        yield ok("one fabric with IAM users", "no users of another")


def _fabric_of(iam: Any, user: str) -> str | None:
    tags = iam.list_user_tags(UserName=user)["Tags"]
    return next((tag["Value"] for tag in tags if tag["Key"] == FABRIC_TAG), None)

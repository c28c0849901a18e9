"""Whose the IAM users of Kafka in this account are.

Names of users are one pool, whatever their path, so that one fabric of an account makes them. And one that
made some, and makes none any more, could neither see nor end their keys.
"""

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
    iam, institution = account.client("iam"), account.settings.institution
    pages = iam.get_paginator("list_users").paginate(PathPrefix=USERS_PATH)
    users = islice((user for page in pages for user in page["Users"]), _LOOKED_AT)
    owners = {owner for user in users if (owner := _fabric_of(iam, user["UserName"]))}
    if account.settings.credentials == "session":
        if institution in owners:
            yield fails(
                "IAM users",
                "this fabric has IAM users, whose keys it could not end with credentials=session",
                "keep -c credentials=iam-user until every account is deleted (docs/credentials.md)",
            )
        else:
            yield ok("IAM users", "no IAM users of this fabric")
    elif others := owners - {institution}:
        yield fails(
            "IAM users",
            f"this account has users of {', '.join(sorted(others))}",
            "take another account, or -c credentials=session, which makes no users",
        )
    else:
        yield ok("IAM users", "no users of another")


def _fabric_of(iam: Any, user: str) -> str | None:
    tags = iam.list_user_tags(UserName=user)["Tags"]
    return next((str(tag["Value"]) for tag in tags if tag["Key"] == FABRIC_TAG), None)

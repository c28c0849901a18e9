"""The institution's buckets: what is in them, and how they are emptied."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from stacks.first_day.account import Account
from stacks.first_day.left.leftover import Leftover

NAMES = ("archive", "kafka", "logs")
"""Of what their names begin with; account and region follow."""
_AT_ONCE = 1000
"""Versions that S3 deletes in one request, at most."""


def find(account: Account, live: frozenset[str]) -> Iterator[Leftover]:
    """Yield each bucket that no live stack has."""
    for name in existing(account):
        if name not in live:
            yield Leftover(
                kind="bucket",
                name=name,
                holds_data=next(_versions(account, name), None) is not None,
                cost="about 0.02 USD a GB",
                remove=partial(_remove, account, name),
            )


def existing(account: Account) -> list[str]:
    """Return the names of the institution's buckets that are there."""
    s3, region = account.client("s3"), account.settings.region
    found = []
    for what in NAMES:
        name = f"{account.settings.named(what)}-{account.id}-{region}"
        try:
            s3.head_bucket(Bucket=name)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                raise
        else:
            found.append(name)
    return found


def empty(account: Account, name: str, told: Callable[[int], None] = lambda _count: None) -> int:
    """Delete every version and every delete marker of a bucket, and return how many there were.

    Args:
        told: is called with the number so far, after each request.

    Raises:
        RuntimeError: S3 kept one, and says why.
    """
    s3 = account.client("s3")
    deleted = 0
    batch: list[dict[str, str]] = []
    for version in _versions(account, name):
        batch.append(version)
        if len(batch) == _AT_ONCE:
            deleted += _delete(s3, name, batch)
            batch = []
            told(deleted)
    if batch:
        deleted += _delete(s3, name, batch)
        told(deleted)
    return deleted


def _delete(s3: Any, name: str, batch: list[dict[str, str]]) -> int:
    answer = s3.delete_objects(Bucket=name, Delete={"Objects": batch, "Quiet": True})
    for error in answer.get("Errors", []):
        raise RuntimeError(f"{name} keeps {error['Key']}: {error['Code']}: {error['Message']}")
    return len(batch)


def _versions(account: Account, name: str) -> Iterator[dict[str, str]]:
    pages = account.client("s3").get_paginator("list_object_versions").paginate(Bucket=name)
    for page in pages:
        for version in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
            yield {"Key": version["Key"], "VersionId": version["VersionId"]}


def _remove(account: Account, name: str) -> None:
    empty(account, name)
    account.client("s3").delete_bucket(Bucket=name)

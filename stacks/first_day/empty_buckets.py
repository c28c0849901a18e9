"""``scripts/empty-buckets``: empties the institution's buckets, which AWS asks for before they can go."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial

from stacks.first_day import context
from stacks.first_day.account import Account
from stacks.first_day.confirming import confirmed
from stacks.first_day.left.buckets import empty, existing
from stacks.first_day.running import run


def main(arguments: Sequence[str] | None = None) -> int:
    """Empty the buckets and return the exit status: 1 when nothing may be lost, 2 for wrong settings."""
    parser = context.parser(
        "empty-buckets",
        "Delete everything in this institution's buckets, before `cdk destroy`. Needs allow_data_loss=true.",
    )
    parser.add_argument("--yes", metavar="INSTITUTION", help="answer the question: the institution's name")
    given = parser.parse_args(arguments)
    return run(given.context, lambda account: _empty(account, given.yes))


def _empty(account: Account, yes: str | None) -> int:
    if not account.settings.allow_data_loss:
        sys.stderr.write("allow_data_loss must be true to empty buckets; the value is false.\n")
        return 1
    names = existing(account)
    if not names:
        sys.stdout.write(f"{account.settings.institution} has no buckets in {account.settings.region}.\n")
        return 0
    what = f"Everything in {' and '.join(names)} will be deleted, with all old versions"
    if not confirmed(account.settings.institution, yes, what):
        return 1
    for name in names:
        count = empty(account, name, partial(_progress, name))
        sys.stdout.write(f"{name}: {count} versions deleted\n")
    return 0


def _progress(name: str, so_far: int) -> None:
    if so_far % 10_000 == 0:
        sys.stdout.write(f"{name}: {so_far} ...\n")
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

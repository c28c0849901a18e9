"""``scripts/restore-registry``: the tables as they were at an earlier second, in place (docs/operating.md).

The tables keep their names, and with them their policies, their backups and their place in the stack.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from stacks.first_day import context
from stacks.first_day.account import Account
from stacks.first_day.confirming import confirmed
from stacks.first_day.running import run
from stacks.restore import tables


def main(arguments: Sequence[str] | None = None) -> int:
    """Do one of the three steps and return the exit status: 1 if it cannot be done, 2 for wrong settings."""
    parser = context.parser("restore-registry", "Put the registry and the keys back to an earlier second.")
    step = parser.add_mutually_exclusive_group(required=True)
    step.add_argument("--to", metavar="TIME", type=_moment, help="1. restore both tables beside themselves")
    step.add_argument(
        "--put-back",
        action="store_true",
        help="2. make the tables equal to those, with service and judge stopped",
    )
    step.add_argument("--forget", action="store_true", help="3. delete what was restored beside")
    parser.add_argument("--yes", metavar="INSTITUTION", help="answer the question: the institution's name")
    given = parser.parse_args(arguments)
    if given.to:
        return run(given.context, lambda account: _restore(account, given.to))
    if given.put_back:
        return run(given.context, lambda account: _put_back(account, given.yes))
    return run(given.context, lambda account: _forget(account, given.yes))


def _restore(account: Account, moment: datetime) -> int:
    names = _names(account)
    for name in names:
        earliest, latest = tables.restorable(account, name)
        if not earliest <= moment <= latest:
            raise RuntimeError(
                f"{name} can be restored from {earliest} to {latest}; the time given is {moment}"
            )
        if tables.exists(account, restored := tables.restored_name(name)):
            raise RuntimeError(f"{restored} is there already: put it back, or --forget it first")
    for name in names:
        tables.restore_beside(account, name, moment)
    for name in names:
        tables.await_table(account, tables.restored_name(name))
        sys.stdout.write(f"{tables.restored_name(name)}: as {name} was at {moment:%Y-%m-%dT%H:%M:%SZ}\n")
    sys.stdout.write(
        "Nothing that is in use was changed. Stop the web service and the judge, then --put-back.\n"
    )
    return 0


def _put_back(account: Account, yes: str | None) -> int:
    changes = {}
    for name in _names(account):
        restored = tables.restored_name(name)
        if not tables.exists(account, restored):
            raise RuntimeError(f"there is no {restored}: begin with --to")
        tables.await_table(account, restored)
        change = changes[name] = tables.difference(account, name)
        sys.stdout.write(
            f"{name}: {change.same} rows are as they were, {len(change.put)} to be put back, "
            f"{len(change.delete)} that came since to be deleted; {change.staying} of the record stay\n"
        )
    if not any(changes.values()):
        sys.stdout.write("Nothing to put back.\n")
        return 0
    began = datetime.now(UTC)
    if not confirmed(
        account.settings.institution, yes, "Web service and judge must be stopped. Rows will be put back"
    ):
        return 1
    for name, change in changes.items():
        tables.apply(account, name, change)
    sys.stdout.write(
        f"Put back. To take this back: --forget, and again with --to {began:%Y-%m-%dT%H:%M:%SZ}.\n"
    )
    return 0


def _forget(account: Account, yes: str | None) -> int:
    there = [name for name in _names(account) if tables.exists(account, tables.restored_name(name))]
    if not there:
        sys.stdout.write("Nothing is restored beside the tables.\n")
        return 0
    what = f"{' and '.join(tables.restored_name(name) for name in there)} will be deleted"
    if not confirmed(account.settings.institution, yes, what):
        return 1
    for name in there:
        tables.delete_restored(account, name)
    return 0


def _names(account: Account) -> list[str]:
    return [account.settings.named(table) for table in tables.TABLES]


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time: write 2026-11-22T09:30:00Z") from None
    # Without a zone it is UTC, as everywhere in the audit.
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


if __name__ == "__main__":
    sys.exit(main())

"""``scripts/clean-failed``: what a failed first deployment left, what it costs, and taking it away."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from stacks.first_day import context
from stacks.first_day.account import Account
from stacks.first_day.confirming import confirmed
from stacks.first_day.left import buckets, clusters, configurations, keys, log_groups, security_groups, tables
from stacks.first_day.left.leftover import Leftover
from stacks.first_day.removal import remove_stack
from stacks.first_day.running import run
from stacks.first_day.stacks import Found, Standing, resources_of, standing


def leftovers(account: Account, stacks: Iterable[Found], unused: frozenset[str]) -> list[Leftover]:
    """Return what is in no live stack, in the order in which it goes: the cluster first, keys last.

    Args:
        unused: physical ids of what belongs, or belonged, to stacks that never came to be.
    """
    live = _resources(account, (each for each in stacks if each.standing is not Standing.FAILED))
    return [
        *clusters.find(account, live, unused),
        *configurations.find(account, live),
        *security_groups.find(account, live),
        *tables.find(account, live),
        *buckets.find(account, live),
        *log_groups.find(account, live),
        *keys.find(account, live, unused),
    ]


def _resources(account: Account, stacks: Iterable[Found]) -> frozenset[str]:
    return frozenset(resource for each in stacks for resource in resources_of(account, each))


def main(arguments: Sequence[str] | None = None) -> int:
    """List what is left, remove it on request, and return the exit status: 1 when something stays."""
    parser = context.parser(
        "clean-failed", "List what a failed first deployment left; with --remove, take it away."
    )
    parser.add_argument("--remove", action="store_true", help="take it away, after a question")
    parser.add_argument("--with-data", action="store_true", help="take away what may hold data, too")
    parser.add_argument("--yes", metavar="INSTITUTION", help="answer the question: the institution's name")
    given = parser.parse_args(arguments)
    return run(
        given.context,
        lambda account: _clean(account, remove=given.remove, with_data=given.with_data, yes=given.yes),
        advice="Run this again: what is gone stays gone.\n",
    )


def _clean(account: Account, *, remove: bool, with_data: bool, yes: str | None) -> int:
    stacks = standing(account)
    moving = [each for each in stacks if each.standing is Standing.MOVING]
    failed = [each for each in stacks if each.standing is Standing.FAILED]
    unused = _resources(account, failed)
    left = leftovers(account, stacks, unused)
    for stack in (each for each in stacks if each.standing is not Standing.FAILED):
        _say(f"live      {stack.name} ({stack.status}): stays, with all that is in it")
    for stack in failed:
        _say(f"failed    {stack.name} ({stack.status}): never came to be")
    for each in left:
        _say(f"left      {each}")
    if moving:
        _say(f"\n{moving[0].name} is at work ({moving[0].status}): wait for its end, then run this again.")
        return 1
    if not failed and not left:
        _say("Nothing is left of a failed deployment.")
        return 0
    if not remove:
        _say(f"\nTo take it away: scripts/clean-failed {account.words} --remove")
        return 1
    if not confirmed(account.settings.institution, yes, "All of the above but what is live will be removed"):
        return 1
    return _remove(account, failed, unused, with_data=with_data)


def _remove(account: Account, failed: list[Found], unused: frozenset[str], *, with_data: bool) -> int:
    network = [each for each in failed if each.part == "network"]
    for stack in reversed([each for each in failed if each.part != "network"]):
        _take_away(account, stack)
    # What the stacks kept is left over from now on.
    stays = _remove_leftovers(account, unused, with_data=with_data)
    for stack in network:
        # A cluster in its subnets would hold it.
        _take_away(account, stack)
    return 1 if stays else 0


def _take_away(account: Account, stack: Found) -> None:
    remove_stack(account, stack)
    _say(f"removed   {stack.name}")


def _remove_leftovers(account: Account, unused: frozenset[str], *, with_data: bool) -> bool:
    """Return whether something stays."""
    staying = set()
    for each in leftovers(account, standing(account), unused):
        if each.holds_data and not with_data:
            _say(f"stays     {each}; --with-data removes it")
            staying.add(each.kind)
        elif each.used_by in staying:
            _say(f"stays     {each.kind}  {each.name}: the {each.used_by} uses it")
        else:
            each.remove()
            _say(f"removed   {each.kind}  {each.name}")
    return bool(staying)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

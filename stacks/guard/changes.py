"""What an update from one release's stacks to others would do to what holds state."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from stacks.guard import refusals
from stacks.guard.release import Held, Stack, Stacks
from stacks.guard.stateful import FIXED, STATEFUL, keeps


class Kind(enum.StrEnum):
    """Why a change is none to be made unseen."""

    REMOVED = "removed"
    REPLACED = "replaced"
    UNPROTECTED = "unprotected"
    """It would be less protected against loss than it was."""
    TOGETHER = "together"
    """Two things of a cluster at once, of which MSK changes one at a time."""
    REFUSED = "refused"
    """CloudFormation would not do it, and take the deployment back."""


_ALL = "all"


@dataclass(frozen=True)
class Change:
    """One change to one resource."""

    kind: Kind
    resource: str
    """Stack and logical id, or name of an export: ``foundation/RegistryTableDB777839``."""
    what: str
    """What of it: a property by its path, ``TableName``; ``a, b`` of a cluster; ``all``."""
    says: str


def between(old: Stacks, new: Stacks) -> Iterator[Change]:
    """Yield what an update from ``old`` to ``new`` would do; what is only in ``new`` changes nothing."""
    for stack, made in old.items():
        there = new.get(stack, Stack()).held
        added = {id_: held for id_, held in there.items() if id_ not in made.held}
        for logical_id, was in made.held.items():
            name = f"{stack}/{logical_id}"
            now = there.get(logical_id)
            if now is None:
                yield Change(Kind.REMOVED, name, _ALL, _removed(was, added))
            else:
                yield from _changed(name, was, now)
    for name, what, says in refusals.between(old, new):
        yield Change(Kind.REFUSED, name, what, says)


def _removed(was: Held, added: dict[str, Held]) -> str:
    says = f"{was.type} would be removed{_loss(was)}"
    alike = [id_ for id_, held in added.items() if held.type == was.type]
    if alike:
        # The same thing under another id is another thing to CloudFormation.
        says += f"; {alike[0]} is new, and if it is the same thing, stacks/logical_ids.py keeps its id"
    return says


def _changed(name: str, was: Held, now: Held) -> Iterator[Change]:
    if was.type != now.type:
        yield Change(Kind.REPLACED, name, _ALL, f"{was.type} would become {now.type}{_loss(was)}")
        return
    for path in sorted({*was.set_at_creation, *now.set_at_creation}):
        before, after = was.set_at_creation.get(path), now.set_at_creation.get(path)
        if before != after and path in FIXED.get(was.type, ()):
            says = f"{path[1:]} of {was.type} never changes, and would from {before} to {after}"
            yield Change(Kind.REFUSED, name, path[1:], says)
        elif before != after:
            yield Change(
                Kind.REPLACED,
                name,
                path[1:],
                f"{was.type} would be replaced, as {path[1:]} is set when it is made and changes from"
                f" {before} to {after}{_loss(was)}",
            )
    yield from _unprotected(name, was, now)
    changed = sorted(
        attribute
        for attribute in {*was.attributes, *now.attributes}
        if was.attributes.get(attribute) != now.attributes.get(attribute)
    )
    if len(changed) > 1:
        yield Change(
            Kind.TOGETHER,
            name,
            ", ".join(changed),
            f"{', '.join(changed)} would change in one update, and MSK changes one thing of a cluster at a"
            " time",
        )


def _unprotected(name: str, was: Held, now: Held) -> Iterator[Change]:
    policies = {
        "DeletionPolicy": (was.deletion, now.deletion),
        "UpdateReplacePolicy": (was.replacement, now.replacement),
    }
    for policy, (before, after) in policies.items():
        if keeps(before) and not keeps(after):
            says = f"its {policy} changes from {before} to {after or 'Delete'}"
            yield Change(Kind.UNPROTECTED, name, policy, says)
    for path, before in was.kept_by.items():
        after = now.kept_by.get(path)
        if before != after:
            says = f"its {path[1:]} changes from {before} to {after}"
            yield Change(Kind.UNPROTECTED, name, path[1:], says)
    for path, after in now.ended_by.items():
        before = was.ended_by.get(path)
        later = isinstance(before, int) and isinstance(after, int) and after > before
        if before != after and not later:
            says = f"its {path[1:]} changes from {before} to {after}, by which something may end sooner"
            yield Change(Kind.UNPROTECTED, name, path[1:], says)


def _loss(was: Held) -> str:
    lost = STATEFUL.get(was.type)
    return f" ({lost})" if lost else ""

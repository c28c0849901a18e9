"""What an update from one release's stacks to others would do to what holds state."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from stacks.guard.release import Held, Stacks
from stacks.guard.stateful import STATEFUL, keeps


class Kind(enum.StrEnum):
    """Why a change is none to be made unseen."""

    REMOVED = "removed"
    REPLACED = "replaced"
    UNPROTECTED = "unprotected"
    """It would be less protected against loss than it was."""
    TOGETHER = "together"
    """Two things of a cluster at once, of which MSK changes one at a time."""


@dataclass(frozen=True)
class Change:
    """One change to one resource."""

    kind: Kind
    resource: str
    """Stack and logical id: ``foundation/RegistryTableDB777839``."""
    says: str


def between(old: Stacks, new: Stacks) -> Iterator[Change]:
    """Yield what an update from ``old`` to ``new`` would do; what is only in ``new`` changes nothing."""
    for stack, resources in old.items():
        there = new.get(stack, {})
        added = {id_: held for id_, held in there.items() if id_ not in resources}
        for logical_id, was in resources.items():
            name = f"{stack}/{logical_id}"
            now = there.get(logical_id)
            if now is None:
                yield Change(Kind.REMOVED, name, _removed(was, added))
            else:
                yield from _changed(name, was, now)


def _removed(was: Held, added: dict[str, Held]) -> str:
    says = f"{was.type} would be removed{_loss(was)}"
    alike = [id_ for id_, held in added.items() if held.type == was.type]
    if alike:
        # The same thing under another id is another thing to CloudFormation.
        says += f"; {alike[0]} is new, and if it is the same thing, stacks/logical_ids.py keeps its id"
    return says


def _changed(name: str, was: Held, now: Held) -> Iterator[Change]:
    if was.type != now.type:
        yield Change(Kind.REPLACED, name, f"{was.type} would become {now.type}{_loss(was)}")
        return
    for path in sorted({*was.set_at_creation, *now.set_at_creation}):
        before, after = was.set_at_creation.get(path), now.set_at_creation.get(path)
        if before != after:
            yield Change(
                Kind.REPLACED,
                name,
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
            f"{', '.join(changed)} would change in one update, and MSK changes one thing of a cluster at a"
            " time",
        )


def _unprotected(name: str, was: Held, now: Held) -> Iterator[Change]:
    policies = {
        "deletion policy": (was.deletion, now.deletion),
        "update-replace policy": (was.replacement, now.replacement),
    }
    for policy, (before, after) in policies.items():
        if keeps(before) and not keeps(after):
            yield Change(Kind.UNPROTECTED, name, f"its {policy} changes from {before} to {after or 'Delete'}")
    for path, before in was.kept_by.items():
        after = now.kept_by.get(path)
        if before != after:
            yield Change(Kind.UNPROTECTED, name, f"its {path[1:]} changes from {before} to {after}")


def _loss(was: Held) -> str:
    lost = STATEFUL.get(was.type)
    return f" ({lost})" if lost else ""

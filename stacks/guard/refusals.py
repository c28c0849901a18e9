"""What CloudFormation would refuse of an update, so that the deployment fails and is taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator

from stacks.guard.release import Named, Stack, Stacks


def between(old: Stacks, new: Stacks) -> Iterator[tuple[str, str, str]]:
    """Yield what it refuses: stack and logical id or export, what of it, and why."""
    yield from _names(old, new)
    yield from _exports(old, new)


def _names(old: Stacks, new: Stacks) -> Iterator[tuple[str, str, str]]:
    """Find names that would be taken: what is new is made before what it stands for is removed."""
    holders = {
        _name(named): f"{stack}/{logical_id}"
        for stack, made in new.items()
        for logical_id, named in made.named.items()
    }
    for stack, made in old.items():
        for logical_id, was in made.named.items():
            place = f"{stack}/{logical_id}"
            now = new.get(stack, Stack()).named.get(logical_id)
            name = ", ".join(map(str, was.name.values()))
            if now is None or _name(now) != _name(was):
                if (other := holders.get(_name(was))) and other != place:
                    yield (
                        place,
                        "all",
                        f"{was.type} {name} would be made as {other} while there is this one of its name",
                    )
                continue
            changed = [
                path[1:]
                for path in sorted({*was.set_at_creation, *now.set_at_creation})
                if was.set_at_creation.get(path) != now.set_at_creation.get(path)
            ]
            if changed:
                yield (
                    place,
                    ", ".join(changed),
                    f"{was.type} {name} would be another one of the same name, as {', '.join(changed)} is set"
                    " when it is made, and changes",
                )


def _name(named: Named) -> str:
    return json.dumps([named.type, named.name], sort_keys=True)


def _exports(old: Stacks, new: Stacks) -> Iterator[tuple[str, str, str]]:
    """Find exports that are in use: who gives them is updated before who takes them."""
    given = {name: (stack, value) for stack, made in old.items() for name, value in made.exports.items()}
    still = {name: value for made in new.values() for name, value in made.exports.items()}
    for stack, made in old.items():
        for name in made.imports:
            giver, value = given.get(name, ("", None))
            if giver and still.get(name) != value:
                says = "changes" if name in still else "would be gone"
                yield (
                    f"{giver}/{name}",
                    "all",
                    f"this export {says}, while {stack} of the last release takes it",
                )

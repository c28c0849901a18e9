"""A release's templates, brought down to what decides whether an update of them replaces something."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from stacks.guard.stateful import (
    CLUSTER,
    ENDED_BY,
    KEPT_BY,
    Resource,
    at,
    attributes,
    holds_state,
    imported,
    name_of,
    set_at_creation,
)

RELEASES = Path(__file__).parents[2] / "releases"
_HEAD = "release.toml"


@dataclass(frozen=True)
class Held:
    """A resource that holds state."""

    type: str
    deletion: str | None
    """Its deletion policy."""
    replacement: str | None
    """Its update-replace policy."""
    set_at_creation: Mapping[str, Any]
    """Properties of which another value is another resource, by their path."""
    kept_by: Mapping[str, Any]
    """Properties that keep what it holds, by their path."""
    ended_by: Mapping[str, Any]
    """Properties by which what it holds ends, by their path."""
    attributes: Mapping[str, Any]
    """Of a cluster: what MSK changes one at a time, by name. Empty for anything else."""


@dataclass(frozen=True)
class Named:
    """A resource that holds nothing and has a name, which there can be one of at a time."""

    type: str
    name: Mapping[str, Any]
    """The properties that name it, by their path."""
    set_at_creation: Mapping[str, Any]
    """As of what is held, but for the name."""


@dataclass(frozen=True)
class Stack:
    """What an update of a stack could lose, or fail at."""

    held: Mapping[str, Held] = field(default_factory=dict)
    """By logical id."""
    named: Mapping[str, Named] = field(default_factory=dict)
    """By logical id."""
    exports: Mapping[str, Any] = field(default_factory=dict)
    """What it gives to other stacks, by the export's name."""
    imports: Sequence[str] = ()
    """Names of exports that it takes."""


Stacks = Mapping[str, Stack]
"""By its name behind the institution."""


@dataclass(frozen=True)
class Installation:
    """What one institution's settings make."""

    settings: Mapping[str, Any]
    """Variables as a settings file gives them."""
    stacks: Stacks


@dataclass(frozen=True)
class Release:
    """All that is recorded of a release."""

    version: str
    commit: str
    """Git's id of the tree that was synthesised."""
    installations: Mapping[str, Installation]
    """By the name of their settings."""


def of_templates(templates: Mapping[str, Mapping[str, Any]]) -> Stacks:
    """Return what an update of templates could lose or fail at, by the same names."""
    return {stack: _of_template(template) for stack, template in templates.items()}


def _of_template(template: Mapping[str, Any]) -> Stack:
    resources = dict(sorted(template.get("Resources", {}).items()))
    outputs = [output for output in template.get("Outputs", {}).values() if "Export" in output]
    return Stack(
        held={id_: _held(one, resources) for id_, one in resources.items() if holds_state(one)},
        named={
            id_: _named(one, name)
            for id_, one in resources.items()
            if not holds_state(one) and (name := name_of(one))
        },
        exports={output["Export"]["Name"]: output["Value"] for output in outputs},
        imports=sorted(set(imported(template))),
    )


def _named(resource: Resource, name: Mapping[str, Any]) -> Named:
    others = {path: value for path, value in set_at_creation(resource).items() if path not in name}
    return Named(resource["Type"], name, others)


def _held(resource: Resource, beside: Mapping[str, Resource]) -> Held:
    properties = resource.get("Properties", {})

    def given(paths: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        found = {path: at(properties, path) for path in paths.get(resource["Type"], ())}
        return {path: value for path, value in found.items() if value is not None}

    return Held(
        type=resource["Type"],
        deletion=resource.get("DeletionPolicy"),
        replacement=resource.get("UpdateReplacePolicy"),
        set_at_creation=set_at_creation(resource),
        kept_by=given(KEPT_BY),
        ended_by=given(ENDED_BY),
        attributes=attributes(resource, beside) if resource["Type"] == CLUSTER else {},
    )


def any_in(folder: Path) -> bool:
    """Return whether a folder holds a release."""
    return any(folder.glob(f"*/{_HEAD}"))


def last(folder: Path = RELEASES) -> Release:
    """Return the release of the highest version in a folder.

    Raises:
        FileNotFoundError: there is none.
    """
    versions = sorted(tuple(map(int, path.parent.name.split("."))) for path in folder.glob(f"*/{_HEAD}"))
    if not versions:
        raise FileNotFoundError(f"{folder} holds no release")
    return read(folder / ".".join(map(str, versions[-1])))


def read(folder: Path) -> Release:
    """Return the release that a folder, named by its version, holds."""
    head = tomllib.loads((folder / _HEAD).read_text(encoding="utf-8"))
    installations = {}
    for path in sorted(folder.glob("*.json")):
        written = json.loads(path.read_text(encoding="utf-8"))
        stacks = {
            name: Stack(
                held={id_: Held(**held) for id_, held in stack["held"].items()},
                named={id_: Named(**named) for id_, named in stack["named"].items()},
                exports=stack["exports"],
                imports=stack["imports"],
            )
            for name, stack in written["stacks"].items()
        }
        installations[path.stem] = Installation(written["settings"], stacks)
    return Release(folder.name, head["commit"], installations)


def write(release: Release, folder: Path = RELEASES) -> Path:
    """Write a release's files below ``folder``; return the folder made for it.

    Raises:
        FileExistsError: there is one of that version: what was released never changes.
    """
    made = folder / release.version
    made.mkdir(parents=True)
    (made / _HEAD).write_text(
        f'# The commit whose stacks are recorded here, and which is released.\ncommit = "{release.commit}"\n',
        encoding="utf-8",
    )
    for name, installation in release.installations.items():
        text = json.dumps(asdict(installation), indent=1, sort_keys=True)
        (made / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")
    return made

"""A release's templates, brought down to what decides whether an update of them replaces something."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from stacks.guard.stateful import CLUSTER, KEPT_BY, Resource, at, attributes, holds_state, set_at_creation

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
    attributes: Mapping[str, Any]
    """Of a cluster: what MSK changes one at a time, by name. Empty for anything else."""


Stacks = Mapping[str, Mapping[str, Held]]
"""By stack, as named behind the institution, and logical id."""


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
    """Return what holds state in templates, by the same names."""
    return {
        stack: {
            logical_id: _held(resource, template["Resources"])
            for logical_id, resource in sorted(template.get("Resources", {}).items())
            if holds_state(resource)
        }
        for stack, template in templates.items()
    }


def _held(resource: Resource, beside: Mapping[str, Resource]) -> Held:
    properties = resource.get("Properties", {})
    kept_by = {path: at(properties, path) for path in KEPT_BY.get(resource["Type"], ())}
    return Held(
        type=resource["Type"],
        deletion=resource.get("DeletionPolicy"),
        replacement=resource.get("UpdateReplacePolicy"),
        set_at_creation=set_at_creation(resource),
        kept_by={path: value for path, value in kept_by.items() if value is not None},
        attributes=attributes(resource, beside) if resource["Type"] == CLUSTER else {},
    )


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
            stack: {logical_id: Held(**held) for logical_id, held in resources.items()}
            for stack, resources in written["stacks"].items()
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

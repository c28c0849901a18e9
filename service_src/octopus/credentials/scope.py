"""What a session may be opened for: topics that its owner holds, by whatever way."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from octopus.errors import ForbiddenError
from octopus.iam.holdings import DataRight, Holdings, Level

_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Scope:
    """What a session may do."""

    rights: Holdings
    """`Level.READ` and `Level.WRITE` of what was asked for, as far as it is held, with its end."""
    namespaces: Mapping[str, datetime | None]
    """Whose groups and transactional ids it has, and until when, if that ends."""


def require_held(
    subject: str, *, own: Collection[str], held: Holdings, topics: Collection[str], actions: Collection[str]
) -> Scope:
    """What the session may do, which ends when what its owner holds now ends.

    Groups and transactional ids are those of the topics' namespaces that are the subject's own, or of a
    project it is a member of. Topics that are only shared with it are read and written with its own.

    Args:
        own: namespaces of the subject's account.
        held: all its rights to data that are in force.
        topics: full names, or ``<namespace>.*``.
        actions: ``read``, ``write`` or both; each topic is held with one of them at least.

    Raises:
        ForbiddenError: a topic is not held so; does not tell what exists.
    """
    known = {_namespace(right.name) for right in held}
    rights: set[DataRight] = set()
    for name in sorted(set(topics)):
        namespace = _namespace(name)
        ways = (_right(name, level, held) for level in map(Level, actions))
        found = {right for right in ways if right is not None}
        if not found:
            what = f"Topic {name}" if namespace in known else f"Namespace {namespace}"
            raise ForbiddenError(f"{what} not found for {subject}")
        rights |= found
    whole = {_namespace(right.name) for right in held if right.level is Level.ALL}
    asked = {_namespace(name) for name in topics}
    namespaces = asked & whole | (set() if asked <= whole else set(own))
    return Scope(
        frozenset(rights),
        {
            name: _last(right for right in held if right.name == f"{name}.*" and right.level is Level.ALL)
            for name in sorted(namespaces)
        },
    )


def _right(name: str, level: Level, held: Holdings) -> DataRight | None:
    """That level on a topic, as long as it is held in any way; None when it is not."""
    names = {name, f"{_namespace(name)}.*"}
    ways = [right for right in held if right.name in names and right.level in (level, Level.ALL)]
    return DataRight(name, level, _last(ways)) if ways else None


def _last(rights: Iterable[DataRight]) -> datetime | None:
    """When the last of these rights ends; None for never."""
    last = max((right.until or _NEVER for right in rights), default=_NEVER)
    return None if last == _NEVER else last


def _namespace(name: str) -> str:
    return name.partition(".")[0]

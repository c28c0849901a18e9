"""What a session may be opened for: topics that its owner holds, by whatever way."""

from __future__ import annotations

from collections.abc import Collection

from octopus.errors import ForbiddenError
from octopus.iam.holdings import Holdings, Level


def require_held(
    subject: str, *, own: Collection[str], held: Holdings, topics: Collection[str], actions: Collection[str]
) -> list[str]:
    """The namespaces whose groups and transactional ids the session is to have, in order.

    Those of the topics that are the subject's own or of a project it is a member of. Topics that are only
    shared with it are read and written with its own.

    Args:
        own: namespaces of the subject's account.
        held: all its rights to data that are in force.
        topics: full names, or ``<namespace>.*``.
        actions: ``read``, ``write`` or both; each topic is held with one of them at least.

    Raises:
        ForbiddenError: a topic is not held so; does not tell what exists.
    """
    levels = {Level.ALL, *map(Level, actions)}
    usable = {right.name for right in held if right.level in levels}
    known = {_namespace(right.name) for right in held}
    for name in sorted(set(topics)):
        namespace = _namespace(name)
        if usable.isdisjoint({name, f"{namespace}.*"}):
            what = f"Topic {name}" if namespace in known else f"Namespace {namespace}"
            raise ForbiddenError(f"{what} not found for {subject}")
    whole = {_namespace(right.name) for right in held if right.level is Level.ALL}
    asked = {_namespace(name) for name in topics}
    return sorted(asked & whole | (set() if asked <= whole else set(own)))


def _namespace(name: str) -> str:
    return name.partition(".")[0]

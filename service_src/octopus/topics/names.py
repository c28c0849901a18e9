"""What a topic may be called."""

from __future__ import annotations

import re

from octopus.errors import Failure

SHORTEST = 3
LONGEST = 32
RESERVED_ENDING = "_dead"
"""Kafka holds ``.`` and ``_`` to collide in metric names, and ``<topic>.dead`` is the topic of a trigger's
dead letters."""

RESERVED_NAMESPACES = frozenset(
    {
        "account",
        "audit",
        "key",
        "keys",
        "namespace",
        "octopus",
        "projects",
        "public",
        "quota",
        "search",
        "sessions",
        "shared",
        "status",
        "user",
    }
)
"""Routes of the web service begin with these words where others begin with a namespace."""
_ONCE_FREE = frozenset({"status"})
"""Of these, what a project of an earlier release may be called: its topics are reached as before."""

PERSONAL = "ns-"
"""Begins the namespace of a person."""

_CHARACTERS = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)


def namespace_of(subject: str) -> str:
    """The namespace that belongs to a subject, as published clients compute it.

    ``ns-`` and the last 12 hexadecimal digits of the UUID.
    """
    return PERSONAL + subject.replace("-", "")[-12:]


def is_namespace_name(name: str) -> bool:
    """Whether a namespace may be called so."""
    fits = SHORTEST <= len(name) <= LONGEST and _CHARACTERS.fullmatch(name) is not None
    return fits and name not in RESERVED_NAMESPACES - _ONCE_FREE


def full_name(namespace: str, topic: str) -> str:
    """The topic's name in Kafka."""
    return f"{namespace}.{topic}"


def is_topic_name(name: str) -> bool:
    """Whether a user may call a topic so."""
    return _broken_rule(name) is None


def require_topic_name(name: str) -> None:
    """Hold a name to the rules that published clients know, and to one more.

    Raises:
        Failure: names the rule that is broken, in the published words.
    """
    rule = _broken_rule(name)
    if rule is not None:
        raise Failure(rule)


def _broken_rule(name: str) -> str | None:
    if not SHORTEST <= len(name) <= LONGEST:
        return f"Name must be between {SHORTEST} and {LONGEST} characters"
    if not _CHARACTERS.fullmatch(name):
        return "Name can only contain letters, numbers, dash, and underscore"
    if name[0] in "-_" or name[-1] in "-_":
        return "Name cannot start or end with hyphen or underscore"
    if name.endswith(RESERVED_ENDING):
        return f"Name cannot end with {RESERVED_ENDING}: such names are kept for dead letters"
    return None

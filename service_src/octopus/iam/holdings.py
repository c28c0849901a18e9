"""What a principal's policies are made of: data rights on topics and whole namespaces, some with an end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Level(StrEnum):
    """How much of the data plane a right opens."""

    ALL = "all"
    """Of a namespace: its topics read and written, its groups and its transactional ids."""
    READ = "read"
    """Describe and read topics. Groups are those of the reader's own namespaces."""
    WRITE = "write"
    """Describe and write topics. Transactional ids are those of the writer's own namespaces."""


@dataclass(frozen=True)
class DataRight:
    """A level on the topics of one name or pattern.

    Equal sets of rights make equal policies, whatever their order.
    """

    name: str
    """``<namespace>.<topic>``, or ``<namespace>.*``; `Level.ALL` is of the latter form alone."""
    level: Level
    until: datetime | None = None
    """UTC, whole seconds; stands in the policy statement itself (``aws:CurrentTime``)."""


Holdings = frozenset[DataRight]
"""All data rights of one principal."""


def own(*namespaces: str) -> Holdings:
    """What the owner of these namespaces holds without any grant."""
    return frozenset(DataRight(f"{namespace}.*", Level.ALL) for namespace in namespaces)

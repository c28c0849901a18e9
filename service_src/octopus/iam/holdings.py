"""What a principal's policies are made of: data rights on topics and whole namespaces, some with an end."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum, StrEnum


class Level(StrEnum):
    """How much of the data plane a right opens."""

    ALL = "all"
    """Of a namespace: its topics read and written, its groups and its transactional ids."""
    READ = "read"
    """Describe and read topics. Groups are those of the reader's own namespaces."""
    WRITE = "write"
    """Describe and write topics. Transactional ids are those of the writer's own namespaces."""


_NEVER = datetime.min.replace(tzinfo=UTC)


class Claim(IntEnum):
    """What a right is held by, in the order in which policies name rights."""

    OWN = 1
    """One's own namespace."""
    ROLE = 2
    """Membership or ownership of a project."""
    GRANT = 3
    """A topic or a project that is shared."""
    EVERYBODY = 4
    """Whoever has an account. It comes last, so that nobody misses for it what is his own."""


@dataclass(frozen=True)
class DataRight:
    """A level on the topics of one name or pattern.

    Sets of the same rights, of the same seniority, make equal policies, whatever their order.
    """

    name: str
    """``<namespace>.<topic>``, or ``<namespace>.*``; `Level.ALL` is of the latter form alone."""
    level: Level
    until: datetime | None = None
    """UTC, whole seconds; stands in the policy statement itself (``aws:CurrentTime``)."""
    claim: Claim = field(default=Claim.GRANT, compare=False)
    given: datetime | None = field(default=None, compare=False)
    """When it was first given, UTC; None for what was never given."""

    @property
    def seniority(self) -> tuple[Claim, datetime]:
        """Where not all fit into policies, the least are kept: nobody's right goes for one given later."""
        return self.claim, self.given or _NEVER

    @property
    def spare(self) -> bool:
        """Whether it is written where room is left, and is no reason for another policy or for a refusal."""
        return self.claim is Claim.EVERYBODY


Holdings = frozenset[DataRight]
"""All data rights of one principal."""


def own(*namespaces: str) -> Holdings:
    """What the owner of these namespaces holds without any grant."""
    return frozenset(DataRight(f"{namespace}.*", Level.ALL, claim=Claim.OWN) for namespace in namespaces)

"""Groups as Globus Groups shows them, and as the registry holds them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True)
class GroupList:
    """A group at one moment."""

    name: str | None
    """None when this service is not shown the group."""
    members: frozenset[str]
    """Identities (UUIDs) with an active membership; none when this service is not shown them."""
    shown: bool
    """Whether this service sees the members, so that an empty list means an empty group."""


class State(StrEnum):
    """Whether the list of a group's members counts."""

    HELD = "held"
    DROPPED = "dropped"
    """Globus Groups gave no answer for so long that nobody holds anything through the group."""


@dataclass(frozen=True)
class GroupRecord:
    """A group as the registry holds it, without its members."""

    id: str
    name: str
    looked: float
    """When Globus Groups last answered, in seconds since the epoch."""
    state: State


@dataclass(frozen=True)
class Look:
    """What one question to Globus Groups has brought into the registry."""

    group: GroupRecord
    whole: bool
    """Whether all members are in the registry's list; the next look goes on with those who are not."""


@dataclass(frozen=True)
class GivenGroup:
    """A group that holds, or lately held, a grant."""

    id: str
    given: str
    """Tells one giving from a later one."""
    asked: float
    """When its members were last asked for, in seconds since the epoch; 0 when not since the last grant."""

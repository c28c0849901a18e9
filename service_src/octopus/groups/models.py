"""What a consumer group is, where it stands, and where it is to be set."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Group:
    """A consumer group as its coordinator holds it."""

    name: str
    state: str
    """``stable``, ``empty``, ``preparing-rebalancing``, ``assigning``, ...: Kafka's words."""
    protocol: str
    """``classic``, or ``consumer`` for KIP-848."""
    members: tuple[str, ...]
    """Client id and host of each member, such as ``rdkafka at 10.0.0.7``; none are told of a group
    that reads a topic which the caller may not see."""


@dataclass(frozen=True, kw_only=True)
class PartitionLag:
    """How far a group is behind in one partition."""

    topic: str
    partition: int
    committed: int | None
    """Offset that the group reads next; None when it never committed one here."""
    end: int | None
    """Offset of the next record to come; None of a topic that the caller may not see."""

    @property
    def lag(self) -> int | None:
        """Records between the two; None when one of them is."""
        return None if self.committed is None or self.end is None else max(0, self.end - self.committed)


@dataclass(frozen=True, kw_only=True)
class Move:
    """One partition's committed offset, before and after a reset."""

    topic: str
    partition: int
    before: int | None
    """None when nothing was committed."""
    after: int

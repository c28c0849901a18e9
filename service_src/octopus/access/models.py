"""Rights, who holds them, and where they come from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Right(StrEnum):
    """What a grant gives. Each stands for itself: `write` does not hold `read`."""

    READ = "read"
    """Describe and read a topic's records."""
    WRITE = "write"
    """Describe and write a topic's records."""
    MANAGE = "manage"
    """Configuration, sharing and deletion of records, through the API; no right to data by itself."""
    MEMBER = "member"
    """Of a project: all data of its namespace, its topics' creation, configuration and deletion."""
    OWNER = "owner"
    """Of a project: what a member may, and its sharing, its members, its settings and its end."""


TOPIC_RIGHTS = frozenset({Right.READ, Right.WRITE, Right.MANAGE})
"""What may be granted on a topic or on a whole project."""
ROLES = frozenset({Right.MEMBER, Right.OWNER})
"""What may be granted on a whole project alone: memberships are grants too."""


class GranteeKind(StrEnum):
    """Whom a grant names."""

    USER = "user"
    GROUP = "group"


@dataclass(frozen=True, order=True)
class Grantee:
    """A Globus identity or a Globus group."""

    kind: GranteeKind
    id: str
    """Lower-case UUID."""

    def __str__(self) -> str:
        return f"{self.kind}#{self.id}"


EVERY_TOPIC = "*"
"""In the place of a topic's name: the whole namespace, topics of the future too."""


@dataclass(frozen=True, kw_only=True)
class Grant:
    """One right of one grantee on a topic or on a whole project."""

    namespace: str
    topic: str
    """Without its namespace, or `EVERY_TOPIC`."""
    grantee: Grantee
    right: Right
    until: datetime | None
    """UTC; None for one without an end."""
    by: str
    """Subject who granted it."""
    created: datetime
    shown_as: str | None = None
    """User name or group name at the time of the grant, for people to read; no key for anything."""

    @property
    def id(self) -> str:
        """Names it among the grants of its topic or project: ``read-user-<uuid>``."""
        return f"{self.right}-{self.grantee.kind}-{self.grantee.id}"

    def in_force(self, now: datetime) -> bool:
        """Whether it gives anything at that moment."""
        return self.until is None or now < self.until

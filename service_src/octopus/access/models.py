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


def grantee_of(text: str) -> Grantee:
    """The grantee that `str` made this text of."""
    kind, _, identity = text.partition("#")
    return Grantee(GranteeKind(kind), identity)


def user(identity: str) -> Grantee:
    """A Globus identity as a grantee."""
    return Grantee(GranteeKind.USER, identity)


def group(group_id: str) -> Grantee:
    """A Globus group as a grantee."""
    return Grantee(GranteeKind.GROUP, group_id)


_CLOSURE = {
    Right.OWNER: frozenset(Right),
    Right.MEMBER: frozenset({Right.MEMBER, Right.READ, Right.WRITE}),
}
_FROZEN = {
    Right.OWNER: frozenset({Right.OWNER, Right.READ}),
    Right.MEMBER: frozenset({Right.READ}),
    Right.READ: frozenset({Right.READ}),
}


def closure(right: Right, *, frozen: bool = False) -> frozenset[Right]:
    """A right with all that it holds.

    Args:
        frozen: the project has come to its end: it can be read, and its owners can end it or move the end.
    """
    if frozen:
        return _FROZEN.get(right, frozenset())
    return _CLOSURE.get(right, frozenset({right}))


@dataclass(frozen=True)
class NamespaceFacts:
    """What of a namespace decides who may do what in it."""

    name: str
    owner: str
    """Subject, or `octopus.topics.models.PROJECT_OWNER`."""
    state: str
    ends: datetime | None
    """Of a project with an end: from then on it is frozen."""

    @property
    def usable(self) -> bool:
        """Whether grants on it give anything. A suspended owner takes nothing from whom he shared with."""
        return self.state in ("active", "suspended")

    def frozen(self, now: datetime) -> bool:
        """Whether it is a project past its end."""
        return self.ends is not None and self.ends <= now


@dataclass(frozen=True)
class HeldGrant:
    """A grant that counts for somebody, and how it comes to him."""

    grant: Grant
    identity: str
    """Which of his identities it is matched through: his own, or a linked one."""

    @property
    def through_group(self) -> str | None:
        """The group whose member that identity is, when the grant names a group."""
        return self.grant.grantee.id if self.grant.grantee.kind is GranteeKind.GROUP else None


class Why(StrEnum):
    """How somebody comes to a right."""

    OWNER = "owner"
    """The namespace is his own."""
    ROLE = "role"
    """He is a member or owner of the project."""
    GRANT = "grant"
    """The grant names him."""


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One identity's or group's right on a topic or project, and why it has it."""

    identity: str | None
    """Who can, and with him whoever this identity is linked to; None where it is a group."""
    right: Right
    why: Why
    until: datetime | None
    """UTC; the project's end, where that is sooner and the right ends with it."""
    grant: Grant | None = None
    """None for a personal namespace's owner."""
    through_group: str | None = None
    """UUID of the group that holds the grant, and whose members can."""
    members: int | None = None
    """How many identities are in that group, by the last list."""

"""Who may do what, written down by hand: what the product is held to, so nothing of it is imported here.

People hold *rights* on *places*. A grant names an identity or a group, and counts for whoever is that
identity, is linked to it, or is in the group with any of his identities; not while the identity that it is
matched through is suspended. An owner of a personal namespace needs no grant on it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

READ, WRITE, MANAGE, MEMBER, OWNER = "read", "write", "manage", "member", "owner"

HOLDS = {
    READ: {READ},
    WRITE: {WRITE},
    MANAGE: {MANAGE},
    MEMBER: {MEMBER, READ, WRITE},
    OWNER: {OWNER, MEMBER, MANAGE, READ, WRITE},
}
"""What a right comes with."""
HOLDS_FROZEN: dict[str, set[str]] = {
    READ: {READ},
    WRITE: set(),
    MANAGE: set(),
    MEMBER: {READ},
    OWNER: {OWNER, READ},
}
"""The same once the project has come to its end: it is read, and its owners decide what becomes of it."""

ALL_TOPICS = "*"


@dataclass(frozen=True)
class Place:
    """A topic, or a whole namespace."""

    namespace: str
    topic: str | None = None

    def __str__(self) -> str:
        return self.namespace if self.topic is None else f"{self.namespace}.{self.topic}"


@dataclass(frozen=True)
class Person:
    """Somebody with an account, a personal namespace and the topic ``mine`` in it."""

    role: str
    linked_with: str = ""
    """The role of whom Globus Auth holds to be the same human."""
    in_group: bool = False
    suspended: bool = False

    @property
    def subject(self) -> str:
        """UUID of the identity that he logs in with."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, self.role))

    @property
    def namespace(self) -> str:
        """His own."""
        return f"ns-{self.subject[-12:]}"


GROUP = str(uuid.uuid5(uuid.NAMESPACE_URL, "group"))
"""The Globus group to which grants are given."""

PEOPLE = {
    person.role: person
    for person in (
        # Whoever gives something to a group is in it.
        Person("owner", in_group=True),
        Person("project owner", in_group=True),
        Person("project member"),
        Person("grantee", linked_with="linked identity"),
        Person("linked identity", linked_with="grantee"),
        Person("member by group", linked_with="linked to a member", in_group=True),
        Person("linked to a member", linked_with="member by group"),
        Person("outsider"),
        Person("suspended", linked_with="linked to the suspended", suspended=True),
        Person("linked to the suspended", linked_with="suspended"),
    )
}

PERSONAL = PEOPLE["owner"].namespace
"""The personal namespace of which topics are shared."""
SHARED_TOPICS = {READ: "for-read", WRITE: "for-write", MANAGE: "for-manage"}
"""Topics on each of which one right is granted, both in `PERSONAL` and in the project `LAB`."""
LAB = "lab"
SHARED_PROJECTS = {right: f"lab-{right}" for right in HOLDS}
"""Projects on each of which, as a whole, one right is granted."""
NOBODYS_PROJECT = "lab-read2"
"""Nobody is given anything on it, and its name begins like that of one which is shared."""
PROJECTS = (LAB, *SHARED_PROJECTS.values(), NOBODYS_PROJECT)

TOPICS = (
    *(Place(namespace, topic) for namespace in (PERSONAL, LAB) for topic in SHARED_TOPICS.values()),
    # Shared with nobody, though the name begins like one that is.
    *(Place(namespace, "for-read2") for namespace in (PERSONAL, LAB)),
    *(Place(project, "events") for project in (*SHARED_PROJECTS.values(), NOBODYS_PROJECT)),
    *(Place(person.namespace, "mine") for person in PEOPLE.values()),
)
"""Every topic that there is. Nobody shares his ``mine``."""
NAMESPACES = tuple(Place(namespace) for namespace in dict.fromkeys(place.namespace for place in TOPICS))


@dataclass(frozen=True)
class Given:
    """A right on a place, given to somebody."""

    place: Place
    right: str
    to: str
    """UUID of an identity or a group."""
    until: datetime | None = None


def shared_with(*recipients: str, until: datetime | None = None) -> list[Given]:
    """Grants of every kind: three on topics of a person, three on those of a project, five on projects."""
    places = [
        *((Place(PERSONAL, topic), right) for right, topic in SHARED_TOPICS.items()),
        *((Place(LAB, topic), right) for right, topic in SHARED_TOPICS.items()),
        *((Place(project), right) for right, project in SHARED_PROJECTS.items()),
    ]
    return [Given(place, right, to, until) for place, right in places for to in recipients]


RECIPIENTS = (
    *(PEOPLE[role].subject for role in ("owner", "project owner", "project member", "grantee", "suspended")),
    GROUP,
)
"""To whom all of that is given. Nothing is given to the outsider, nor to those who are only linked."""


def roles() -> list[Given]:
    """What projects have from their beginning: an owner and a member each."""
    return [
        Given(Place(project), right, PEOPLE[f"project {right}"].subject)
        for project in PROJECTS
        for right in (OWNER, MEMBER)
    ]


@dataclass
class Law:
    """What has been given and not taken, and when projects end."""

    given: set[Given] = field(default_factory=set)
    projects_end: datetime | None = None

    def give(self, grants: Iterable[Given]) -> None:
        """Given again, a grant has the later end."""
        for grant in grants:
            self.take([grant])
            self.given.add(grant)

    def take(self, grants: Iterable[Given]) -> None:
        """Whatever end they have."""
        taken = {replace(grant, until=None) for grant in grants}
        self.given = {grant for grant in self.given if replace(grant, until=None) not in taken}

    def rights(self, person: Person, place: Place, now: datetime) -> frozenset[str]:
        """All that a person may do at a place, by whatever way it comes to him."""
        if person.suspended:
            return frozenset()
        frozen = place.namespace in PROJECTS and self.projects_end is not None and self.projects_end <= now
        holds = HOLDS_FROZEN if frozen else HOLDS
        named = {grant.right for grant in self.given if self._counts(grant, person, place, now)}
        if place.namespace == person.namespace:
            named.add(OWNER)
        return frozenset().union(*(holds[right] for right in named))

    def _counts(self, grant: Given, person: Person, place: Place, now: datetime) -> bool:
        if grant.until is not None and grant.until <= now:
            return False
        if grant.place.namespace != place.namespace or grant.place.topic not in (None, place.topic):
            return False
        return any(
            grant.to == identity.subject or (grant.to == GROUP and identity.in_group)
            for identity in _identities(person)
            if not identity.suspended
        )


def _identities(person: Person) -> list[Person]:
    return [person, *(PEOPLE[role] for role in (person.linked_with,) if role)]

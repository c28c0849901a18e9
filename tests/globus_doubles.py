"""Globus as features see it, in memory: who people are, and who is in which group."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from octopus.errors import InvalidError
from octopus.identity.people import People, Person
from octopus.membership.models import GroupRecord, Look, State
from octopus.membership.service import Memberships


class MemoryPeople(People):
    """People by user name."""

    def __init__(self) -> None:
        self.known: dict[str, Person] = {}

    def add(self, username: str, identity: str) -> str:
        """Somebody of that name; returns the identity."""
        self.known[username] = Person(id=identity, username=username, email=username)
        return identity

    def resolve(self, who: str) -> Person:
        """See `People.resolve`."""
        for person in self.known.values():
            if who in (person.id, person.username):
                return person
        raise InvalidError(f"who: Globus Auth knows no identity {who!r}")

    def shown(self, ids: Collection[str]) -> dict[str, Person]:
        """See `People.shown`."""
        return {person.id: person for person in self.known.values() if person.id in ids}


class MemoryMemberships(Memberships):
    """Groups by id; rows of their members are written by whoever sets a test up.

    Attributes:
        names: of the groups that the fabric is shown.
        members: of each, identities who may name it.
        looked: groups that were asked for.
        big: those of which members follow.
    """

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.members: dict[str, set[str]] = {}
        self.looked: list[str] = []
        self.big: set[str] = set()

    def look(self, group_id: str, *, asked_by: Collection[str]) -> Look:
        """See `Memberships.look`."""
        self.looked.append(group_id)
        if self.members.get(group_id, set()).isdisjoint(asked_by):
            raise InvalidError(f"group: Globus Groups shows this fabric no members of a group {group_id}")
        group = GroupRecord(id=group_id, name=self.names[group_id], looked=0.0, state=State.HELD)
        return Look(group, whole=group_id not in self.big)

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} has no part in this")

"""Groups of identities, and who may see them, by the policies that Globus Groups gives a new group."""

from __future__ import annotations

import time
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from sqlite3 import Row

from octopus.errors import InvalidError, NotFoundError
from octopus.globus.database import Database


class Role(StrEnum):
    """Of a member; the later ones may what the earlier may."""

    MEMBER = "member"
    MANAGER = "manager"
    ADMIN = "admin"


class Status(StrEnum):
    """Of a membership; only an active one makes a member."""

    ACTIVE = "active"
    INVITED = "invited"
    REMOVED = "removed"


_MANAGING = frozenset({Role.MANAGER, Role.ADMIN})


@dataclass(frozen=True, kw_only=True)
class Membership:
    """Of one identity in one group."""

    identity: str
    role: Role
    status: Status


@dataclass(frozen=True, kw_only=True)
class Group:
    """A private group: only members see it, and only its managers and admins see who they are."""

    id: str
    name: str
    description: str
    memberships: tuple[Membership, ...]

    def of(self, identities: Collection[str]) -> list[Membership]:
        """Memberships of these identities, whatever their status."""
        return [each for each in self.memberships if each.identity in identities]

    def visible_to(self, identities: Collection[str]) -> bool:
        """Whether a person who has these identities may know of the group."""
        return any(each.status is not Status.REMOVED for each in self.of(identities))

    def managed_by(self, identities: Collection[str]) -> bool:
        """Whether that person may see and change the memberships."""
        return any(each.status is Status.ACTIVE and each.role in _MANAGING for each in self.of(identities))

    def administered_by(self, identities: Collection[str]) -> bool:
        """Whether that person may delete the group."""
        return any(each.status is Status.ACTIVE and each.role is Role.ADMIN for each in self.of(identities))


class Groups:
    """The groups of one store file, safe between threads and between processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str, *, admin: str, description: str = "") -> Group:
        """A new group that one identity administers; names need not be unique."""
        group_id = str(uuid.uuid4())
        with self._database.transaction() as cursor:
            cursor.execute(
                "INSERT INTO groups VALUES (?, ?, ?, ?)", (group_id, name, description, int(time.time()))
            )
            cursor.execute(
                "INSERT INTO memberships VALUES (?, ?, ?, ?)", (group_id, admin, Role.ADMIN, Status.ACTIVE)
            )
        group = self.find(group_id)
        if group is None:
            raise RuntimeError(f"the store lost the group {group_id}")
        return group

    def find(self, group_id: str) -> Group | None:
        """The group of this id, if there is one."""
        row = self._database.row("SELECT * FROM groups WHERE id = ?", group_id.lower())
        return self._group(row) if row is not None else None

    def list_groups(self) -> list[Group]:
        """Every group, by name."""
        return [self._group(row) for row in self._database.rows("SELECT * FROM groups ORDER BY name, id")]

    def named(self, name_or_id: str) -> Group:
        """The one group that is meant, by name or id.

        Raises:
            NotFoundError: there is none.
            InvalidError: several have this name.
        """
        found = [group for group in self.list_groups() if name_or_id in (group.id, group.name)]
        if not found:
            raise NotFoundError(f"There is no group {name_or_id[:64]!r}; `octopus stand-in group list`.")
        if len(found) > 1:
            ids = ", ".join(group.id for group in found)
            raise InvalidError(f"{name_or_id[:64]!r} is the name of several groups; name one of {ids}")
        return found[0]

    def groups_of(self, identities: Collection[str]) -> list[Group]:
        """The groups in which one of these identities has a membership of any status, by name."""
        return [group for group in self.list_groups() if group.of(identities)]

    def delete(self, group_id: str) -> None:
        """No such group, nor any membership of it; one that is gone is as good."""
        with self._database.transaction() as cursor:
            cursor.execute("DELETE FROM memberships WHERE group_id = ?", (group_id,))
            cursor.execute("DELETE FROM groups WHERE id = ?", (group_id,))

    def put(self, group_id: str, identity: str, *, role: Role, status: Status = Status.ACTIVE) -> Membership:
        """This membership, whether or not there was another one of the identity."""
        with self._database.transaction() as cursor:
            cursor.execute(
                "INSERT OR REPLACE INTO memberships VALUES (?, ?, ?, ?)", (group_id, identity, role, status)
            )
        return Membership(identity=identity, role=role, status=status)

    def _group(self, row: Row) -> Group:
        memberships = self._database.rows(
            "SELECT * FROM memberships WHERE group_id = ? ORDER BY rowid", row["id"]
        )
        return Group(
            id=row["id"],
            name=row["name"],
            description=row["description"],
            memberships=tuple(
                Membership(identity=each["identity"], role=Role(each["role"]), status=Status(each["status"]))
                for each in memberships
            ),
        )

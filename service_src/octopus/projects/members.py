"""Who is in a project: members and owners, and its handing over to others.

A project has always an owner who is a person and whose ownership has no end: nobody else could give it one
again. Changes of owners take turns, so that two who leave at once do not leave it to nobody.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from octopus.access.models import EVERY_TOPIC, ROLES, Grant, Grantee, GranteeKind, Right, user
from octopus.access.refusal import refused, require_right
from octopus.access.service import Access
from octopus.audit.events import Event
from octopus.errors import InvalidError
from octopus.identity.models import Caller
from octopus.projects.names import is_project_name
from octopus.projects.service import lease_name
from octopus.registry.leases import Lease, Leases
from octopus.sharing.grantees import Given, Grantees, Named, Welcomed, is_own
from octopus.sharing.room import Room
from octopus.sharing.until import require_future


class Members:
    """Members and owners of the projects of one fabric."""

    def __init__(
        self,
        *,
        access: Access,
        leases: Leases,
        grantees: Grantees,
        room: Room,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._access = access
        self._leases = leases
        self._grantees = grantees
        self._room = room
        self._clock = clock

    def listed(self, caller: Caller, name: str, *, of: Named | None = None) -> list[Grant]:
        """Memberships and ownerships, owners first; with ``of``, those of one person or group.

        Raises:
            ForbiddenError: there is no such project, or the caller is neither in it nor manages it.
        """
        _require(self._access, caller, name, Right.MEMBER, Right.OWNER, Right.MANAGE)
        grants = self._roles(name)
        if of is not None:
            meant = self._grantees.meant(of)
            grants = [grant for grant in grants if grant.grantee == meant]
        return sorted(grants, key=lambda grant: (grant.right is not Right.OWNER, str(grant.grantee)))

    def add(self, caller: Caller, name: str, named: Named, role: Right, until: datetime | None) -> Given:
        """The person or group has the role; one that has it already has it until ``until``.

        Raises:
            ForbiddenError: there is no such project, or the caller does not own it.
            InvalidError: nobody is known by that name, the end is over or later than that of the caller's own
                ownership, or that of the role which is there already is; or the last owner would get one.
            OverLimitError: his policies have no room for it.
        """
        _require(self._access, caller, name, Right.OWNER)
        if until is not None:
            require_future("until", until, self._now())
        welcomed = self._grantees.welcomed(caller, named)
        with self._leases.hold(lease_name(name)) as lease:
            within = self._access.held_until(caller, name, None, Right.OWNER)
            if role is Right.OWNER and until is not None:
                self._require_another_owner(name, welcomed.grantee, "until")
            return self._give(caller, name, welcomed, role, until, within, lease)

    def remove(self, caller: Caller, name: str, grant_id: str) -> Grant | None:
        """That membership or ownership is over; returns it, or None when there was none.

        Raises:
            ForbiddenError: there is no such project, or the caller neither owns it nor is the one who leaves.
            InvalidError: it is the last owner's, or lasts longer than the caller's own ownership.
        """
        _require(self._access, caller, name, *Right)
        with self._leases.hold(lease_name(name)) as lease:
            found = next((grant for grant in self._roles(name) if grant.id == grant_id), None)
            own = found is not None and is_own(caller, found)
            within = None if own else self._access.held_until(caller, name, None, Right.OWNER)
            if found is None:
                return None
            if found.right is Right.OWNER:
                self._require_another_owner(name, found.grantee, "grant_id")
            return self._take(caller, found, within, lease)

    def transfer(self, caller: Caller, name: str, to: str, *, keep_me: bool) -> Given:
        """The project is owned by somebody else, and by the caller no more.

        Each step may be repeated: cut short, the project has both for owners.

        Args:
            to: user name, e-mail address or UUID.
            keep_me: whether the caller stays a member.

        Raises:
            ForbiddenError: there is no such project, or the caller does not own it.
            InvalidError: nobody is known by that name, it is the caller's own, or the caller's own ownership
                has an end.
            OverLimitError: his policies have no room for it.
        """
        _require(self._access, caller, name, Right.OWNER)
        welcomed = self._grantees.person(to)
        grantee = welcomed.grantee
        if grantee.id in caller.identities:
            raise InvalidError(f"to: must be somebody else, received {to[:64]!r}, which is your own identity")
        with self._leases.hold(lease_name(name)) as lease:
            within = self._access.held_until(caller, name, None, Right.OWNER)
            given = self._give(caller, name, welcomed, Right.OWNER, None, within, lease)
            if keep_me:
                me = Welcomed(user(caller.subject), caller.username)
                self._give(caller, name, me, Right.MEMBER, None, within, lease)
            told = Event(type="project.transferred", actor=caller.subject, subject=grantee.id, namespace=name)
            for grant in self._roles(name):
                if grant.right is Right.OWNER and is_own(caller, grant):
                    self._take(caller, grant, within, lease, told)
            return given

    def _give(
        self,
        caller: Caller,
        name: str,
        welcomed: Welcomed,
        role: Right,
        until: datetime | None,
        within: datetime | None,
        lease: Lease,
    ) -> Given:
        grant = Grant(
            namespace=name,
            topic=EVERY_TOPIC,
            grantee=welcomed.grantee,
            right=role,
            until=until,
            by=caller.subject,
            created=self._now(),
            shown_as=welcomed.shown_as,
        )
        self._room.require(grant)
        given = self._access.give(grant, within=within, in_use=[lease.check()])
        return Given(given, welcomed.members_follow)

    def _take(
        self, caller: Caller, grant: Grant, within: datetime | None, lease: Lease, *events: Event
    ) -> Grant | None:
        return self._access.take(
            grant.namespace,
            grant.topic,
            grant,
            actor=caller.subject,
            within=within,
            in_use=[lease.check()],
            events=events,
        )

    def _roles(self, name: str) -> list[Grant]:
        return [grant for grant in self._access.grants_on(name, EVERY_TOPIC) if grant.right in ROLES]

    def _require_another_owner(self, name: str, leaving: Grantee, field: str) -> None:
        owners = [grant.grantee for grant in self._roles(name) if lasts(grant)]
        if owners == [leaving]:
            raise InvalidError(
                f"{field}: {name} needs an owner who is a person and whose ownership has no end, and this is "
                "its last: add another owner, transfer the project, or end it"
            )

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


def lasts(grant: Grant) -> bool:
    """Whether it makes a person an owner for ever."""
    return grant.right is Right.OWNER and grant.grantee.kind is GranteeKind.USER and grant.until is None


def _require(access: Access, caller: Caller, name: str, *one_of: Right) -> None:
    if not is_project_name(name):
        raise refused(caller.subject, name)  # a person's own namespace has no members
    require_right(access, caller, name, None, *one_of)

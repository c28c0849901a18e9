"""Whom a request means, by user name, e-mail address or UUID."""

from __future__ import annotations

from dataclasses import dataclass

from octopus.access.models import Grant, Grantee, GranteeKind, group, user
from octopus.errors import InvalidError
from octopus.identity.models import Caller
from octopus.identity.people import People
from octopus.membership.service import Memberships


@dataclass(frozen=True)
class Named:
    """A person or a group as a request names it: one of the two."""

    who: str | None = None
    """User name, e-mail address or UUID of a Globus identity."""
    group: str | None = None
    """UUID of a Globus group."""


@dataclass(frozen=True)
class Welcomed:
    """Whom something may be given to."""

    grantee: Grantee
    shown_as: str | None
    """What he or it is called now; None for somebody whose name is not known."""
    members_follow: bool = False
    """Whether members of the group are still to be listed: they have what it is given within seconds."""


@dataclass(frozen=True)
class Given:
    """A grant that is there now."""

    grant: Grant
    members_follow: bool = False
    """As of `Welcomed`."""


class Grantees:
    """Finds out whom a request means.

    Args:
        people: of Globus Auth.
        memberships: of groups, asked for when a group is given something, so that it gives something at once.
    """

    def __init__(self, people: People, memberships: Memberships) -> None:
        self._people = people
        self._memberships = memberships

    def meant(self, named: Named) -> Grantee:
        """The grantee, to look for its grants; of a group nobody is asked.

        Raises:
            InvalidError: nobody is named, or somebody whom Globus Auth does not know.
            UnavailableError: Globus Auth gave no usable answer.
        """
        if named.group is not None:
            return group(named.group)
        return user(self._people.resolve(_who(named)).id)

    def welcomed(self, caller: Caller, named: Named) -> Welcomed:
        """The grantee, to give it something.

        A group is named by its members alone: what is given to it tells that there is one, and its size.

        Raises:
            InvalidError: as for `meant`; or it is a group whose members the fabric cannot see, or that the
                caller is not in. It does not tell which.
            UnavailableError: Globus gave no usable answer.
        """
        if named.group is not None:
            looked = self._memberships.look(named.group, asked_by=caller.identities)
            return Welcomed(group(looked.group.id), looked.group.name, members_follow=not looked.whole)
        return self.person(_who(named))

    def person(self, who: str) -> Welcomed:
        """Somebody by user name, e-mail address or UUID.

        Raises:
            InvalidError: Globus Auth knows nobody by that name.
            UnavailableError: Globus Auth gave no usable answer.
        """
        found = self._people.resolve(who)
        return Welcomed(user(found.id), found.username)


def is_own(caller: Caller, grant: Grant) -> bool:
    """Whether the grant names the caller, who may always give up what he was given."""
    return grant.grantee.kind is GranteeKind.USER and grant.grantee.id in caller.identities


def _who(named: Named) -> str:
    if named.who is None:
        raise InvalidError("who: name a person by `who`, or a Globus group by `group`, received neither")
    return named.who

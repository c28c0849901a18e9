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

    def welcomed(self, caller: Caller, named: Named) -> tuple[Grantee, str]:
        """The grantee, to give it something, and what it is called now.

        A group is named by its members alone: what is given to it tells that there is one, and its size.

        Raises:
            InvalidError: as for `meant`; or it is a group whose members the fabric cannot see, or that the
                caller is not in. It does not tell which.
            UnavailableError: Globus gave no usable answer.
        """
        if named.group is not None:
            looked = self._memberships.look(named.group, asked_by=caller.identities)
            return group(looked.id), looked.name
        return self.person(_who(named))

    def person(self, who: str) -> tuple[Grantee, str]:
        """Somebody by user name, e-mail address or UUID, and the user name.

        Raises:
            InvalidError: Globus Auth knows nobody by that name.
            UnavailableError: Globus Auth gave no usable answer.
        """
        found = self._people.resolve(who)
        return user(found.id), found.username


def is_own(caller: Caller, grant: Grant) -> bool:
    """Whether the grant names the caller, who may always give up what he was given."""
    return grant.grantee.kind is GranteeKind.USER and grant.grantee.id in caller.identities


def _who(named: Named) -> str:
    if named.who is None:
        raise InvalidError("who: name a person by `who`, or a Globus group by `group`, received neither")
    return named.who

"""An operator hands a project to somebody else, when none of its owners is left to do it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from octopus.access.models import EVERY_TOPIC, Grant, Right
from octopus.access.service import Access
from octopus.accounts.models import State
from octopus.audit.events import OPERATOR, Event
from octopus.errors import NotFoundError
from octopus.projects.service import lease_name
from octopus.projects.store import ProjectStore
from octopus.registry.leases import Leases
from octopus.sharing.grantees import Grantees
from octopus.sharing.room import Room


class Handovers:
    """Hands projects of one fabric over, whoever owns them; owners do it by `Members.transfer`."""

    def __init__(
        self,
        *,
        store: ProjectStore,
        leases: Leases,
        access: Access,
        grantees: Grantees,
        room: Room,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._leases = leases
        self._access = access
        self._grantees = grantees
        self._room = room
        self._clock = clock

    def hand_over(self, name: str, to: str) -> Grant:
        """The project is owned by this person and by nobody else; members, grants and topics stay.

        Each step may be repeated: cut short, the project has the former owners besides.

        Args:
            to: user name, e-mail address or UUID.

        Returns:
            The ownership.

        Raises:
            InvalidError: nobody is known by that name.
            NotFoundError: there is no such project, or it has ended.
            OverLimitError: his policies have no room for it.
        """
        welcomed = self._grantees.person(to)
        grantee = welcomed.grantee
        with self._leases.hold(lease_name(name)) as lease:
            project = self._store.read(name)
            if project is None or project.state is not State.ACTIVE:
                raise NotFoundError(f"There is no project {name}")
            ownership = Grant(
                namespace=name,
                topic=EVERY_TOPIC,
                grantee=grantee,
                right=Right.OWNER,
                until=None,
                by=OPERATOR,
                created=datetime.fromtimestamp(self._clock(), UTC),
                shown_as=welcomed.shown_as,
            )
            self._room.require(ownership)
            told = Event(type="project.transferred", actor=OPERATOR, subject=grantee.id, namespace=name)
            in_use = [lease.check()]
            given = self._access.give(ownership, in_use=in_use, events=[told])
            for grant in self._access.grants_on(name, EVERY_TOPIC):
                if grant.right is Right.OWNER and grant.grantee != grantee:
                    self._access.take(name, EVERY_TOPIC, grant, actor=OPERATOR, in_use=in_use, events=[told])
            return given

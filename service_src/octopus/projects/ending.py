"""The end of a project, in two parts, as that of an account: access goes with the call, the rest behind it.

With the call: the state ``deleting``, in which no right on the project counts and from which nothing leads
back. Behind it: the policies of everybody who had a grant on it or its topics, and all those grants; then,
once their last requests are over, consumer groups and topics; and its record last, of which the name stays,
never to be given again.
Transactional ids expire at the brokers by themselves. Every step may be repeated.
"""

from __future__ import annotations

import structlog

from octopus.access.models import Right
from octopus.access.refresh import POLICIES_S, Refreshes
from octopus.access.refusal import refused, require_right
from octopus.access.service import Access
from octopus.accounts.emptying import Emptying
from octopus.accounts.models import State
from octopus.audit.events import FABRIC, Event
from octopus.audit.trail import Trail
from octopus.identity.models import Caller
from octopus.projects.models import EndPlan, Project
from octopus.projects.names import is_project_name
from octopus.projects.service import lease_name
from octopus.projects.store import ProjectStore
from octopus.registry.leases import Lease, Leases

_log = structlog.get_logger(__name__)


class Endings:
    """Ends projects of one fabric.

    Args:
        last_requests_s: seconds in which the last request of somebody whose right was taken is over.
    """

    def __init__(
        self,
        *,
        store: ProjectStore,
        leases: Leases,
        access: Access,
        refreshes: Refreshes,
        trail: Trail,
        emptying: Emptying,
        last_requests_s: float,
    ) -> None:
        self._store = store
        self._leases = leases
        self._access = access
        self._refreshes = refreshes
        self._trail = trail
        self._emptying = emptying
        self._last_requests_s = last_requests_s

    def plan(self, caller: Caller, name: str) -> EndPlan:
        """What `end` would take away; nothing is changed.

        Raises:
            ForbiddenError: there is no such project, or the caller does not own it.
            UnavailableError: Kafka is away.
        """
        require_right(self._access, caller, name, None, Right.OWNER)
        if self._store.read(name) is None:
            raise refused(caller.subject, name)
        found = self._emptying.contents(name)
        return EndPlan(topics=tuple(sorted(found.topics)), grants=len(found.grants), groups=found.groups)

    def end(self, caller: Caller, name: str) -> bool:
        """The project is as good as gone: nobody has a right on it, and what it held goes behind the call.

        Returns:
            False when the caller had ended it before.

        Raises:
            ForbiddenError: there is no such project, or the caller does not own it.
        """
        if not is_project_name(name):
            raise refused(caller.subject, name)  # the registry has no room for keys of any length
        with self._leases.hold(lease_name(name)) as lease:
            if self._store.ended_by(name) == caller.subject:
                return False
            require_right(self._access, caller, name, None, Right.OWNER)
            project = self._store.read(name)
            if project is None:
                raise refused(caller.subject, name)
            event = Event(type="project.ended", actor=caller.subject, namespace=name)
            further = [self._refreshes.begun_on(name), *self._trail.items(event)]
            self._store.begin_removal(project, caller.subject, lease, further)
        _log.info("project.ended", subject=caller.subject, namespace=name)
        return True

    def heal_all(self) -> None:
        """Go on with every project that is being removed, and due."""
        self._store.pending.work_off(self.heal)

    def heal(self, name: str) -> None:
        """Go on with what is left to be done of one project.

        Raises:
            UnavailableError: a dependency is away, a request is at it, or a consumer group has members still.
        """
        with self._leases.hold(lease_name(name), patience_s=0) as lease:
            project = self._store.read(name)
            if project is None or project.state is not State.DELETING:
                self._store.settle(name, lease)
            elif project.withdrawn is None and self._refreshes.waiting_on(name):
                self._store.pending.postpone(name, due_in_s=POLICIES_S)
            elif project.withdrawn is None:
                self._access.take_all_on(name, None, actor=FABRIC, refreshed=True)
                lease.renew()
                self._store.withdrawn(project, lease, due_in_s=self._last_requests_s)
            else:
                self._finish(project, lease)

    def _finish(self, project: Project, lease: Lease) -> None:
        name = project.name
        self._emptying.empty(name, lease, actor=FABRIC, members_may_stay=False)
        event = Event(type="project.removed", actor=FABRIC, namespace=name)
        self._store.end_removal(project, lease, self._trail.items(event))
        _log.info("project.removed", namespace=name)

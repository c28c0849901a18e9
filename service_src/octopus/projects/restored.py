"""Projects of a registry that went back to an older state are brought to where they were.

Nobody's rights are asked for: this is for whoever repairs a fabric, and knows what was.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from octopus.access.refresh import Refreshes
from octopus.accounts.models import State
from octopus.audit.events import FABRIC, Event
from octopus.audit.trail import Trail
from octopus.projects.models import Project
from octopus.projects.names import is_project_name
from octopus.projects.service import lease_name
from octopus.projects.store import ProjectStore
from octopus.registry.leases import Leases
from octopus.topics.names import is_namespace_name


class RestoredProjects:
    """Repairs the projects of one fabric. Each call may be repeated."""

    def __init__(self, *, store: ProjectStore, leases: Leases, refreshes: Refreshes, trail: Trail) -> None:
        self._store = store
        self._leases = leases
        self._refreshes = refreshes
        self._trail = trail

    def make_again(self, name: str, *, by: str, created: datetime, ends: datetime | None) -> bool:
        """There is a project of that name, as yet without an owner; returns False when there was.

        Its description and its settings are those of a new one.

        Args:
            by: subject who made it.
        """
        project = Project(
            name=name,
            state=State.ACTIVE,
            description="",
            contact="",
            ends=ends,
            created=created.isoformat(timespec="seconds"),
            created_by=by,
        )
        event = Event(type="project.created", actor=FABRIC, subject=by, namespace=name)
        with self._leases.hold(lease_name(name)) as lease:
            if self._store.taken(name):
                return False
            self._store.add(project, lease, self._trail.items(event))
        return True

    def end_again(self, name: str, *, by: str) -> bool:
        """Nobody has a right on the project, and what it held goes behind the call.

        Args:
            by: subject who ended it.

        Returns:
            False when there is no project in use of that name.
        """
        event = Event(type="project.ended", actor=FABRIC, subject=by, namespace=name)
        with self._leases.hold(lease_name(name)) as lease:
            project = self._store.read(name)
            if project is None or project.state is not State.ACTIVE:
                return False
            further = [self._refreshes.begun_on(name), *self._trail.items(event)]
            self._store.begin_removal(project, by, lease, further)
        return True

    def set_end(self, name: str, ends: datetime | None) -> bool:
        """The project ends then; returns False when it did so, or is not in use."""
        event = Event(type="project.changed", actor=FABRIC, namespace=name, data={"fields": ["ends"]})
        with self._leases.hold(lease_name(name)) as lease:
            project = self._store.read(name)
            if project is None or project.state is not State.ACTIVE or project.ends == ends:
                return False
            further = [self._refreshes.begun_on(name), *self._trail.items(event)]
            self._store.change(project, replace(project, ends=ends), lease, further)
        return True

    def unknown(self, namespaces: Iterable[str]) -> list[str]:
        """Those of the names, in order, that a project could have and none has or had."""
        fit = {name for name in namespaces if is_project_name(name) and is_namespace_name(name)}
        return sorted(name for name in fit if not self._store.taken(name))

"""Warnings of grants and projects that end soon; those of keys come from the rounds through all accounts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from octopus.access.models import EVERY_TOPIC, Grant, GranteeKind, Right
from octopus.access.store import GrantStore, parts_of
from octopus.audit.events import FABRIC, Event
from octopus.audit.notices import Ending, Notices
from octopus.projects.store import ProjectStore
from octopus.registry.ends import End, EndKind, Ends
from octopus.topics.models import PROJECT_OWNER

AT_ONCE = 200
"""Warnings in one go."""


class Warnings:
    """Tells people of the ends that are written down in one registry table."""

    def __init__(
        self, *, ends: Ends, grants: GrantStore, projects: ProjectStore, notices: Notices, days: int
    ) -> None:
        """
        Args:
            ends: what ends on which day.
            grants: of the same table.
            projects: of the same table.
            notices: gives the warnings.
            days: before an end at which it is told.
        """
        self._ends = ends
        self._grants = grants
        self._projects = projects
        self._notices = notices
        self._days = days

    def run(self) -> None:
        """Give the next warnings that are due."""
        self._notices.give(islice(self._endings(), AT_ONCE))

    def _endings(self) -> Iterator[Ending]:
        for kind, found in ((EndKind.PROJECT, self._of_project), (EndKind.GRANT, self._of_grant)):
            near = [(end.reference, end.at) for end in self._ends.within(kind, self._days)]
            for reference, at in self._notices.untold(kind.value, near):
                ending = found(End(kind, reference, at))
                if ending is not None and self._notices.due(ending):
                    yield ending

    def _of_project(self, end: End) -> Ending | None:
        project = self._projects.read(end.reference)
        if project is None or project.ends != end.at:
            return None
        event = Event(
            type="project.ending", actor=FABRIC, namespace=project.name, data={"ends": end.at.isoformat()}
        )
        return Ending(
            kind=end.kind.value,
            reference=end.reference,
            created=datetime.fromisoformat(project.created),
            ends=end.at,
            event=event,
            to=self._owners(project.name),
        )

    def _of_grant(self, end: End) -> Ending | None:
        namespace, topic, right, grantee = parts_of(end.reference)
        grant = self._grants.find(namespace, topic, right, grantee)
        if grant is None or grant.until != end.at:
            return None
        named = grantee.kind is GranteeKind.USER
        event = Event(
            type="grant.ending",
            actor=FABRIC,
            subject=grantee.id if named else None,
            namespace=namespace,
            topic=None if topic == EVERY_TOPIC else topic,
            data={
                "right": right.value,
                "grantee_kind": grantee.kind.value,
                "grantee": grantee.id,
                "shown_as": grant.shown_as,
                "ends": end.at.isoformat(),
            },
        )
        return Ending(
            kind=end.kind.value,
            reference=end.reference,
            created=grant.created,
            ends=end.at,
            event=event,
            to={grantee.id} if named else self._owners(namespace),
        )

    def _owners(self, namespace: str) -> frozenset[str]:
        """Identities who own a namespace: its subject, or a project's owners by name and by group."""
        facts = self._grants.namespaces([namespace]).get(namespace)
        if facts is None:
            return frozenset()
        if facts.owner != PROJECT_OWNER:
            return frozenset({facts.owner})
        return frozenset(
            identity
            for grant in self._grants.on(namespace, EVERY_TOPIC)
            if grant.right is Right.OWNER
            for identity in self._identities(grant)
        )

    def _identities(self, grant: Grant) -> Iterator[str]:
        if grant.grantee.kind is GranteeKind.USER:
            yield grant.grantee.id
        else:
            yield from self._grants.members(grant.grantee.id)

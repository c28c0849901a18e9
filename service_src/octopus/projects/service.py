"""Projects: made, seen and changed. Who is in them are grants (`octopus.projects.members`)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from octopus.access.models import EVERY_TOPIC, Grant, Right, closure, user
from octopus.access.refresh import Refreshes
from octopus.access.refusal import refused, require_right
from octopus.access.service import Access
from octopus.accounts.models import State
from octopus.audit.events import FABRIC, Event
from octopus.audit.trail import Trail
from octopus.errors import InvalidError, OverLimitError, UnavailableError
from octopus.identity.models import Caller
from octopus.kafka.admin import TopicAdmin
from octopus.kafka.groups import GroupAdmin
from octopus.projects.models import Change, Project, Seen, Standing
from octopus.projects.names import require_project_name
from octopus.projects.store import ProjectStore
from octopus.registry.leases import Lease, Leases
from octopus.registry.transactions import ConditionFailedError
from octopus.sharing.until import require_future
from octopus.times import shown
from octopus.topics.about import About
from octopus.topics.bounds import Bounds
from octopus.topics.names import full_name
from octopus.topics.settings import TopicSettings

_ASK_AGAIN_S = 3600
"""Whoever has made as many projects as he may has to end one first."""

_CHANGEABLE = ("description", "contact", "ends", "defaults", "bounds")
"""Settings of a project, in the order in which a plan names them."""

_log = structlog.get_logger(__name__)


class Projects:
    """Projects of one fabric.

    Args:
        most_made: projects made by a subject that there may be at once, whoever owns them.
        grace: time after a project's end from which export and deletion are offered.
        bounds: of settings that topics may be given.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        *,
        store: ProjectStore,
        leases: Leases,
        access: Access,
        refreshes: Refreshes,
        trail: Trail,
        kafka: TopicAdmin,
        groups: GroupAdmin,
        bounds: Bounds,
        most_made: Callable[[str], int],
        grace: timedelta,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._leases = leases
        self._access = access
        self._refreshes = refreshes
        self._trail = trail
        self._kafka = kafka
        self._groups = groups
        self._bounds = bounds
        self._most_made = most_made
        self._grace = grace
        self._clock = clock

    def create(
        self,
        caller: Caller,
        name: str,
        *,
        description: str,
        contact: str,
        ends: datetime | None,
        defaults: TopicSettings,
        bounds: Mapping[str, int],
    ) -> tuple[Seen, bool]:
        """The project, with the caller for its owner, and whether this call made it.

        One that the caller owns already is left as it is.

        Raises:
            InvalidError: the name breaks a rule or cannot be had, or a setting is out of bounds.
            OverLimitError: as many projects that the caller made are there as may be.
            UnavailableError: Kafka is away; nothing was done.
        """
        require_project_name(name)
        self._require_settings(ends, defaults, bounds)
        # The first lease keeps somebody's further projects from being counted past each other.
        with self._leases.hold(f"projects of {caller.subject}"), self._leases.hold(lease_name(name)) as lease:
            if self._store.taken(name):
                if Right.OWNER in self._access.rights(caller, name, None):
                    return self.describe(caller, name), False
                raise _taken(name)
            self._require_room(caller)
            self._require_unused(name)
            made = Project(
                name=name,
                state=State.ACTIVE,
                description=description,
                contact=contact,
                ends=ends,
                defaults=defaults,
                bounds=bounds,
                created=self._now().isoformat(timespec="seconds"),
                created_by=caller.subject,
            )
            self._claim(caller, made, lease)
        _log.info("project.created", subject=caller.subject, namespace=name, **_ending(made))
        return self.describe(caller, name), True

    def listed(self, caller: Caller) -> list[Seen]:
        """Projects on which the caller has a right as a whole, in order of name."""
        held: dict[str, set[Right]] = {}
        for one in self._access.grants_to(caller):
            if one.grant.topic == EVERY_TOPIC:
                held.setdefault(one.grant.namespace, set()).add(one.grant.right)
        found = self._store.read_all(held)
        return [self._seen(found[name], self._implied(found[name], held[name])) for name in sorted(found)]

    def made(self, caller: Caller) -> frozenset[str]:
        """Names of the projects that the caller made, by any of his identities, and that are still there.

        Whoever owns them: they count for him until they end, and being made an owner by others costs nothing.
        """
        return frozenset[str]().union(*map(self._store.made_by, caller.identities))

    def describe(self, caller: Caller, name: str) -> Seen:
        """The project, and what the caller may do with it.

        Raises:
            ForbiddenError: there is none, or the caller has no right on it as a whole.
        """
        rights = require_right(self._access, caller, name, None, *Right)
        return self._seen(self._found(caller, name), rights)

    def change(
        self, caller: Caller, name: str, wanted: dict[str, Any], *, dry_run: bool
    ) -> tuple[list[Change], Seen]:
        """What of the settings becomes another, and the project as it is then; on a dry run, as it is now.

        Args:
            wanted: any of ``description``, ``contact``, ``ends``, ``defaults`` and ``bounds``, as `Project`
                has them.

        Raises:
            ForbiddenError: there is no such project, or the caller does not own it.
            InvalidError: a setting is out of bounds.
            UnavailableError: it is being removed, or another change is under way; nothing was done.
        """
        require_right(self._access, caller, name, None, Right.OWNER)
        with self._leases.hold(lease_name(name)) as lease:
            before = self._found(caller, name)
            after = replace(before, **wanted)
            changes = _changes(before, after)
            changed = {change.field for change in changes}
            self._require_settings(after.ends if "ends" in changed else None, after.defaults, after.bounds)
            if changes and not dry_run:
                self._write(caller, before, after, sorted(changed), lease)
                _log.info(
                    "project.changed",
                    subject=caller.subject,
                    namespace=name,
                    fields=sorted(changed),
                    **_ending(after),
                )
        return changes, self.describe(caller, name)

    def freeze_due(self) -> None:
        """Record each project whose end has come: from then on it is read only, by policies' own dates."""
        for end in self._store.over():
            event = Event(
                id=f"project.frozen-{end.reference}-{int(end.at.timestamp())}",
                type="project.frozen",
                actor=FABRIC,
                namespace=end.reference,
                data={"ends": end.at.isoformat(timespec="seconds")},
                time=end.at,
            )
            try:
                self._store.see_to(end, self._trail.items(event))
            except ConditionFailedError:
                continue  # moved, or seen to by another replica
            _log.info("project.frozen", namespace=end.reference)

    def _claim(self, caller: Caller, made: Project, lease: Lease) -> None:
        owner = Grant(
            namespace=made.name,
            topic=EVERY_TOPIC,
            grantee=user(caller.subject),
            right=Right.OWNER,
            until=None,
            by=caller.subject,
            created=self._now(),
            shown_as=caller.username,
        )
        event = Event(type="project.created", actor=caller.subject, namespace=made.name, data=_ending(made))
        try:
            self._access.give(owner, in_use=[*self._store.made(made), lease.check()], events=[event])
        except ConditionFailedError as failed:
            if 0 in failed.positions:
                raise _taken(made.name) from None
            raise

    def _write(
        self, caller: Caller, before: Project, after: Project, fields: list[str], lease: Lease
    ) -> None:
        event = Event(
            type="project.changed",
            actor=caller.subject,
            namespace=after.name,
            data={"fields": list(fields), **_ending(after)},
        )
        moved = [] if before.ends == after.ends else [self._refreshes.begun_on(after.name)]
        try:
            self._store.change(before, after, lease, [*moved, *self._trail.items(event)])
        except ConditionFailedError:
            raise UnavailableError(
                f"Project {after.name} changed meanwhile: nothing was done, try again"
            ) from None

    def _seen(self, project: Project, rights: frozenset[Right]) -> Seen:
        now = self._now()
        offers = project.offers(now, grace=self._grace)
        return Seen(project=project, standing=project.standing(now), offers=offers, rights=rights)

    def _implied(self, project: Project, held: Iterable[Right]) -> frozenset[Right]:
        frozen = project.standing(self._now()) is Standing.FROZEN
        return frozenset(right for one in held for right in closure(one, frozen=frozen))

    def _found(self, caller: Caller, name: str) -> Project:
        project = self._store.read(name)
        if project is None:
            # A personal namespace, or a project that ended this moment.
            raise refused(caller.subject, name)
        return project

    def _require_settings(
        self, ends: datetime | None, defaults: TopicSettings, bounds: Mapping[str, int]
    ) -> None:
        if ends is not None:
            require_future("ends", ends, self._now())
        of_bounds = self._bounds.refusals(TopicSettings(**bounds), About(), bounds)
        of_defaults = self._bounds.inside(bounds).refusals(defaults, About(), defaults.told())
        refusals = [f"bounds.{one}" for one in of_bounds] or [f"defaults.{one}" for one in of_defaults]
        if refusals:
            raise InvalidError("; ".join(refusals))

    def _require_room(self, caller: Caller) -> None:
        made, most = len(self.made(caller)), self._most_made(caller.subject)
        if made >= most:
            raise OverLimitError(
                f"projects: {made} that {caller.subject} made are there, of at most {most}: "
                "one of them has to end first",
                retry_after_s=_ASK_AGAIN_S,
            )

    def _require_unused(self, name: str) -> None:
        """Nothing of the name is in the cluster, which may have other users than this fabric's."""
        prefix = full_name(name, "")
        if self._kafka.list_topics(prefix) or self._groups.names(prefix):
            raise _taken(name)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


def lease_name(name: str) -> str:
    """Of the lease under which a project, its owners and its members change."""
    return f"project {name}"


def _taken(name: str) -> InvalidError:
    return InvalidError(f"name: {name!r} is or was in use, and no name is given twice: choose another")


def _ending(project: Project) -> dict[str, str]:
    return {} if project.ends is None else {"ends": project.ends.isoformat(timespec="seconds")}


def _changes(before: Project, after: Project) -> list[Change]:
    pairs = ((field, _json(before, field), _json(after, field)) for field in _CHANGEABLE)
    return [Change(field=field, before=old, after=new) for field, old, new in pairs if old != new]


def _json(project: Project, field: str) -> Any:
    value = getattr(project, field)
    if isinstance(value, datetime):
        return shown(value)
    if isinstance(value, TopicSettings):
        return value.told()
    return dict(value) if isinstance(value, Mapping) else value

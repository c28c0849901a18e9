"""Sharing topics and whole projects: grants given, taken and listed, and who can do what, and why."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime

from octopus.access.models import EVERY_TOPIC, TOPIC_RIGHTS, Grant, HeldGrant, Reason, Right
from octopus.access.refusal import refused
from octopus.access.service import Access
from octopus.errors import InvalidError, NotFoundError, UnavailableError
from octopus.identity.models import Caller
from octopus.identity.people import People
from octopus.projects.names import is_project_name
from octopus.registry.transactions import ConditionFailedError
from octopus.sharing.grantees import Given, Grantees, Named, is_own
from octopus.sharing.room import Room
from octopus.sharing.store import in_use
from octopus.sharing.until import require_future
from octopus.topics.models import TopicRecord
from octopus.topics.names import full_name, is_topic_name


class Sharing:
    """Grants on topics and projects of one fabric.

    A topic is named without its namespace; None is the whole of a project.

    Args:
        access: decides, and holds the grants.
        grantees: whom requests mean.
        room: in people's policies.
        people: what identities are called on a page.
        find_topic: by its full name; None where there is none.
        table: the registry.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        *,
        access: Access,
        grantees: Grantees,
        room: Room,
        people: People,
        find_topic: Callable[[str], TopicRecord | None],
        table: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._access = access
        self._grantees = grantees
        self._room = room
        self._people = people
        self._find_topic = find_topic
        self._table = table
        self._clock = clock

    def grants(
        self, caller: Caller, namespace: str, topic: str | None, *, to: Named | None = None
    ) -> list[Grant]:
        """Grants on exactly this, without memberships, in order of right and grantee.

        Args:
            to: only those of this person or group, in whose name the grants stand.

        Raises:
            ForbiddenError: the caller neither manages nor owns it, or there is no such namespace.
            NotFoundError: the namespace has no such topic.
        """
        self._seen_until(caller, namespace, topic)
        self._require_there(namespace, topic)
        found = [one for one in self._access.grants_on(namespace, _on(topic)) if one.right in TOPIC_RIGHTS]
        if to is not None:
            meant = self._grantees.meant(to)
            found = [one for one in found if one.grantee == meant]
        return sorted(found, key=lambda one: one.id)

    def give(
        self,
        caller: Caller,
        namespace: str,
        topic: str | None,
        named: Named,
        right: Right,
        until: datetime | None,
    ) -> Given:
        """The person or group has the right, until ``until``; one that has it already gets that end.

        Raises:
            ForbiddenError: the caller does not manage it, or there is no such namespace.
            NotFoundError: the namespace has no such topic.
            InvalidError: nobody is known by that name, he owns the namespace already, or the end is over or
                later than that of the caller's own right; or that of the grant which is there already is.
            OverLimitError: his policies have no room for it.
            UnavailableError: Globus does not answer, or the topic is being changed; nothing was done.
        """
        self._require_named(caller, namespace, topic)
        within = self._access.held_until(caller, namespace, topic, Right.MANAGE)
        if until is not None:
            require_future("until", until, self._now())
        welcomed = self._grantees.welcomed(caller, named)
        if self._access.owner(namespace) == welcomed.grantee.id:
            raise InvalidError(
                f"who: {welcomed.shown_as} owns {namespace}, and has every right on it already"
            )
        grant = Grant(
            namespace=namespace,
            topic=_on(topic),
            grantee=welcomed.grantee,
            right=right,
            until=until,
            by=caller.subject,
            created=self._now(),
            shown_as=welcomed.shown_as,
        )
        self._room.require(grant)
        try:
            checks = in_use(self._table, namespace, _on(topic))
            given = self._access.give(grant, within=within, in_use=checks)
        except ConditionFailedError as failed:
            if 0 in failed.positions:
                raise UnavailableError(
                    f"Namespace {namespace} changed meanwhile: nothing was done, try again"
                ) from None
            raise _absent(namespace, topic) from None
        return Given(given, welcomed.members_follow)

    def take(self, caller: Caller, namespace: str, topic: str | None, grant_id: str) -> Grant | None:
        """That grant is there no more; returns it, or None when there was none.

        Raises:
            ForbiddenError: the caller neither manages nor owns it, nor gives up what he was given himself.
            InvalidError: it lasts longer than the caller's own right.
        """
        self._require_named(caller, namespace, topic)
        found = next(
            (one for one in self._access.grants_on(namespace, _on(topic)) if one.id == grant_id), None
        )
        own = found is not None and is_own(caller, found)
        within = None if own else self._seen_until(caller, namespace, topic)
        if found is None or found.right not in TOPIC_RIGHTS:
            return None
        return self._access.take(namespace, _on(topic), found, actor=caller.subject, within=within)

    def who(self, caller: Caller, namespace: str, topic: str) -> list[Reason]:
        """Every identity and group that has a right on the topic, and why: an entry for each way to a right.

        Raises:
            ForbiddenError: the caller neither manages nor owns it, or there is no such namespace.
            NotFoundError: the namespace has no such topic.
        """
        self._seen_until(caller, namespace, topic)
        self._require_there(namespace, topic)
        return self._access.who(namespace, topic)

    def shared_with(self, caller: Caller) -> list[HeldGrant]:
        """Everything that others let the caller do, in order of namespace and topic."""
        held = self._access.grants_to(caller)
        return sorted(held, key=lambda one: (one.grant.namespace, one.grant.topic, one.grant.id))

    def names(self, identities: Collection[str]) -> dict[str, str]:
        """User names of these identities, as far as Globus Auth tells them now, for people to read."""
        return {one.id: one.username for one in self._people.shown(set(identities)).values()}

    def _seen_until(self, caller: Caller, namespace: str, topic: str | None) -> datetime | None:
        """How long the caller may see and take back what is shared; None for ever.

        Owners may past the project's end, too, when nobody manages anything any more.

        Raises:
            ForbiddenError: he may not at all.
        """
        self._require_named(caller, namespace, topic)
        return self._access.held_until(caller, namespace, topic, Right.MANAGE, Right.OWNER)

    def _require_named(self, caller: Caller, namespace: str, topic: str | None) -> None:
        # The registry has no room for keys of any length. A person's own namespace is shared topic by topic.
        named = is_project_name(namespace) if topic is None else is_topic_name(topic)
        if not named:
            raise refused(caller.subject, namespace)

    def _require_there(self, namespace: str, topic: str | None) -> None:
        if topic is not None and self._find_topic(full_name(namespace, topic)) is None:
            raise _absent(namespace, topic)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


def _absent(namespace: str, topic: str | None) -> NotFoundError:
    return NotFoundError(f"Topic {topic} not found in {namespace}")


def _on(topic: str | None) -> str:
    return EVERY_TOPIC if topic is None else topic

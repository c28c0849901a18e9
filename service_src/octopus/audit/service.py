"""Who may read what of the audit."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from octopus.access.models import Right
from octopus.access.refusal import refused
from octopus.access.service import Access
from octopus.audit.events import Event
from octopus.audit.reading import Query, Reader
from octopus.audit.trail import namespace_partition, subject_partition
from octopus.identity.models import Caller
from octopus.pages import Page

_READ_BY = frozenset({Right.MANAGE, Right.MEMBER, Right.OWNER})
"""Rights of which one lets somebody read what happened to a topic, or to all of a namespace."""


class Audit:
    """The audit of one fabric, for its users."""

    def __init__(self, reader: Reader, access: Access) -> None:
        self._reader = reader
        self._access = access

    def of_caller(self, caller: Caller, query: Query) -> Page[Event]:
        """What concerns the caller: his account, his keys, what was shared with him, what Kafka refused him.

        All that he is known as counts, but for identities whose own account is suspended.
        """
        identities = self._access.identities(caller)
        return self._reader.page([subject_partition(identity) for identity in identities], query)

    def of_namespace(self, caller: Caller, namespace: str, topic: str | None, query: Query) -> Page[Event]:
        """What happened in a namespace; of it, what the caller manages.

        Which key of somebody else Kafka refused something stays between that person and the operators.

        Args:
            topic: only what concerns this topic, without its namespace.

        Raises:
            ForbiddenError: the caller manages nothing of it, or there is no such namespace.
        """
        topics = self._managed(caller, namespace, topic)
        page = self._reader.page(
            [namespace_partition(namespace)],
            query,
            lambda event: topics is None or event.topic in topics,
        )
        own = self._access.identities(caller)
        return replace(page, entries=[_without_key(event, own) for event in page.entries])

    def of_fabric(
        self, query: Query, *, namespace: str | None = None, subject: str | None = None
    ) -> Page[Event]:
        """What happened to anybody: for operators, who hold the institution's AWS rights.

        Args:
            query: what they ask for.
            namespace: only what happened in it, whether it is still there or not.
            subject: only what concerns this person.
        """
        if namespace is not None:
            wanted = [namespace_partition(namespace)]
            return self._reader.page(wanted, query, lambda event: subject in (None, event.subject))
        if subject is not None:
            return self._reader.page([subject_partition(subject)], query)
        return self._reader.days(query)

    def _managed(self, caller: Caller, namespace: str, topic: str | None) -> frozenset[str] | None:
        """Topics whose events the caller may read; None for those of the whole namespace."""
        if self._may_read(caller, namespace, topic):
            return None if topic is None else frozenset({topic})
        granted = [held.grant for held in self._access.grants_to(caller) if topic is None]
        named = {grant.topic for grant in granted if grant.namespace == namespace}
        topics = frozenset(name for name in named if self._may_read(caller, namespace, name))
        if not topics:
            raise refused(caller.subject, namespace)
        return topics

    def _may_read(self, caller: Caller, namespace: str, topic: str | None) -> bool:
        return not _READ_BY.isdisjoint(self._access.rights(caller, namespace, topic))


def _without_key(event: Event, own: Collection[str]) -> Event:
    """The event without an access key id, unless it concerns one of these identities."""
    if event.subject in own:
        return event
    return replace(event, data={name: value for name, value in event.data.items() if name != "access_key_id"})

"""What a namespace holds in Kafka and among the grants, and how nothing of it is left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from octopus.access.models import Grant
from octopus.access.service import Access
from octopus.errors import UnavailableError
from octopus.kafka.groups import GroupAdmin
from octopus.registry.leases import Lease
from octopus.topics.names import full_name
from octopus.topics.service import Topics

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Contents:
    """What a namespace holds. Transactional ids expire at the brokers by themselves, and are not among it."""

    topics: Mapping[str, str]
    """Kafka's id of each topic, by its name without the namespace; empty for one that Kafka does not hold."""
    groups: tuple[str, ...]
    """Whole names, in order."""
    grants: tuple[Grant, ...]
    """On the namespace and on its topics."""


class Emptying:
    """Empties namespaces of one fabric. Each call may be repeated, and wants a lease of whoever owns it."""

    def __init__(self, *, topics: Topics, groups: GroupAdmin, access: Access) -> None:
        self._topics = topics
        self._groups = groups
        self._access = access

    def contents(self, namespace: str) -> Contents:
        """What the namespace holds now.

        Raises:
            UnavailableError: Kafka is away.
        """
        return Contents(
            topics=self._topics.ids(namespace),
            groups=tuple(self._groups.names(full_name(namespace, ""))),
            grants=tuple(self._access.grants_on(namespace)),
        )

    def empty(self, namespace: str, lease: Lease, *, actor: str, members_may_stay: bool) -> None:
        """Nothing of the namespace is left: no grant, no group, no topic.

        Args:
            actor: who brings it about.
            members_may_stay: whether groups that still have members are left; Kafka deletes none of them
                before its members' sessions have ended.

        Raises:
            UnavailableError: Kafka is away, or groups still have members; done in part.
        """
        self._access.take_all_on(namespace, None, actor=actor)
        lease.renew()
        names = self._groups.names(full_name(namespace, ""))
        lease.renew()
        self._delete_groups(namespace, names, members_may_stay=members_may_stay)
        lease.renew()
        self._topics.delete_all(actor, namespace, lease)

    def remove(
        self,
        namespace: str,
        topics: Mapping[str, str],
        groups: Sequence[str],
        lease: Lease,
        *,
        as_of: datetime,
        actor: str,
    ) -> list[str]:
        """Of these topics, these groups and all grants of before nothing is left.

        What was made since under the same names is kept.

        Args:
            topics: as in `Contents`.
            as_of: grants that were given after it are kept, but for those on these topics.
            actor: who brings it about.

        Returns:
            Groups that have members still, which Kafka deletes of no group.
        """
        self._access.take_all_on(namespace, None, actor=actor, as_of=as_of)
        lease.renew()
        in_use = self._delete_groups(namespace, groups, members_may_stay=True)
        lease.renew()
        self._topics.delete_all(actor, namespace, lease, only=topics)
        return in_use

    def _delete_groups(self, namespace: str, names: Sequence[str], *, members_may_stay: bool) -> list[str]:
        in_use = self._groups.delete(names)
        if in_use:
            _log.info("namespace.groups_in_use", namespace=namespace, groups=in_use)
            if not members_may_stay:
                raise UnavailableError(f"Groups {', '.join(in_use)} still have members: try again later")
        return in_use

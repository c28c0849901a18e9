"""Keeps the members of groups that hold grants as Globus Groups has them.

A change is in the registry within `poll_s`, and in Kafka's policies some seconds later. While Globus Groups
gives no answer the last list counts for `held_s`, then nobody holds anything through the group.

One look takes in 500 members at most, so that neither whoever gives a big group its first grant nor other
groups wait for all of its members: the rest follow with the next ticks of the background.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from octopus import aws
from octopus.access import models as access
from octopus.access.refresh import Refreshes
from octopus.audit.events import FABRIC, Event, Value
from octopus.audit.trail import ITEMS_AN_EVENT, Trail
from octopus.errors import InvalidError, UnavailableError
from octopus.identity.clients import GlobusClients
from octopus.membership.groups_api import ask
from octopus.membership.models import GivenGroup, GroupList, GroupRecord, Look, State
from octopus.membership.store import GroupStore
from octopus.registry.leases import Lease, Leases
from octopus.registry.transactions import ConditionFailedError
from octopus.settings import DeployedSettings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

TICK_S = 2.0
"""How often it is looked whether a group is due, and how long one look goes on asking."""
AGAIN_S = 30.0
"""How long Globus Groups is left alone when it gave no answer."""
_AWAY = 2
"""Groups running of which there is no answer, for all to rest: one alone may have a fault of its own."""
_MOST_ITEMS = 96
"""Of one transaction, of a hundred; the rest are the group's own and the lease's."""
_ITEMS_A_MEMBER = 3
MOST_JOINING = 500
"""Members that one look takes in: some seconds' work for the registry. Whoever left goes at once."""
_TOLD = 15
"""Namespaces that are told of a change of one group's members; operators are told in any case."""

_log = structlog.get_logger(__name__)


class Memberships:
    """The groups of one fabric.

    Args:
        poll_s: seconds after which a group's members are asked for again.
        held_s: seconds for which the last list counts without a new answer.
    """

    def __init__(
        self,
        store: GroupStore,
        *,
        globus: GlobusClients,
        leases: Leases,
        refreshes: Refreshes,
        trail: Trail,
        poll_s: float,
        held_s: float,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._globus = globus
        self._leases = leases
        self._refreshes = refreshes
        self._trail = trail
        self._poll_s = poll_s
        self._held_s = held_s
        self._clock = clock
        self._monotonic = monotonic
        self._resting_until = 0.0
        self._unanswered = 0

    def look(self, group_id: str, *, asked_by: Collection[str]) -> Look:
        """The group with its members listed just now: what whoever gives it a grant begins with.

        Of a big group that is new the background lists the rest, once the grant is there.

        Args:
            asked_by: identities of whoever gives it; one of them is in the group.

        Raises:
            InvalidError: it is no UUID, the fabric is not shown the group's members, or nobody of
                ``asked_by`` is one: in the same words, which do not tell what groups there are.
            UnavailableError: Globus Groups gave no answer, or somebody else looks at the group; no grant
                must be given.
        """
        group = _uuid(group_id)
        with self._leases.hold(f"group {group}") as lease:
            listed = ask(self._globus, group)
            if listed.members.isdisjoint(asked_by):
                raise InvalidError(
                    f"group: Globus Groups shows this fabric no members of a group {group}, or you are not "
                    f"among them: an admin of it must add the identity "
                    f"{self._globus.client_id} to it as a manager, and you as a member"
                )
            # Known first, so that the background forgets it again if no grant comes of it.
            self._store.mark_asked(group, asked=0.0, given=self._now_text())
            look = self._hold(lease, group, listed)
            self._store.mark_asked(group, asked=self._asked(look), given=self._now_text())
        return look

    def poll(self) -> None:
        """Ask for the members of the groups that are due, for two seconds at most; forget unused groups."""
        ends = self._monotonic() + TICK_S
        due = [group for group in self._store.given() if group.asked <= self._clock() - self._wait_s()]
        for group in due:
            if self._clock() < self._resting_until or self._monotonic() > ends:
                break
            try:
                with self._leases.hold(f"group {group.id}", patience_s=0) as lease:
                    self._see_to(lease, group)
            except (UnavailableError, ConditionFailedError) as not_now:
                _log.info("groups.postponed", group=group.id, reason=str(not_now))
        self._drop_stale(group.id for group in due)

    def _wait_s(self) -> float:
        """From one question to the next, so that with the wait for a tick it is `poll_s` at most."""
        return max(0.0, self._poll_s - TICK_S)

    def _asked(self, look: Look) -> float:
        """When a group counts as asked for: one that is not whole so long ago that it is due with a tick."""
        return self._clock() if look.whole else self._clock() - self._wait_s() + TICK_S

    def _see_to(self, lease: Lease, group: GivenGroup) -> None:
        if not self._store.has_grants(group.id):
            self._forget(lease, group)
            return
        try:
            listed = ask(self._globus, group.id)
        except UnavailableError:
            rest_s = min(AGAIN_S, self._poll_s)
            self._unanswered += 1
            if self._unanswered >= _AWAY:
                self._resting_until = self._clock() + rest_s
            again = self._clock() - self._wait_s() + rest_s
            self._store.mark_asked(group.id, asked=again, given=group.given)
            raise
        self._unanswered = 0
        look = self._hold(lease, group.id, listed)
        self._store.mark_asked(group.id, asked=self._asked(look), given=group.given)

    def _hold(self, lease: Lease, group_id: str, listed: GroupList) -> Look:
        """The registry has this list, or as much of it as one look takes in.

        All whom a difference concerns are noted to get policies anew.
        """
        before, known = self._store.members(group_id), self._store.find(group_id)
        name = listed.name or (known.name if known is not None else group_id)
        record = GroupRecord(id=group_id, name=name, looked=self._clock(), state=State.HELD)
        told = self._store.namespaces(group_id)
        joining = sorted(listed.members - before)
        if known is None:
            # First, or policies that are written before the last member is in would not have the group.
            self._store.write([lease.check(), *self._store.put_group(record)])
        # Whoever left loses first. What is cut short here the next look does, since it compares anew.
        self._change(lease, record, sorted(before - listed.members), told, joined=False)
        self._change(lease, record, joining[:MOST_JOINING], told, joined=True)
        items = [lease.check(), *self._store.put_group(record)]
        if known is not None and known.state is State.DROPPED:
            items.append(self._refreshes.begun(access.group(group_id), due_in_s=0))
            items += self._events("group.members_changed", record, told, {"returned": True})
        self._store.write(items)
        return Look(record, whole=len(joining) <= MOST_JOINING)

    def _change(
        self,
        lease: Lease,
        group: GroupRecord,
        identities: Sequence[str],
        told: Sequence[str],
        *,
        joined: bool,
    ) -> None:
        events = len(told[:_TOLD]) + 1
        at_once = (_MOST_ITEMS - ITEMS_AN_EVENT * events) // _ITEMS_A_MEMBER
        for start in range(0, len(identities), at_once):
            some = list(identities[start : start + at_once])
            change = self._store.put_member if joined else self._store.delete_member
            items = [lease.check()]
            for identity in some:
                items += change(group.id, identity)
                items.append(self._refreshes.begun_behind(identity))
            # Operators are told who; whoever shares something with the group, how many.
            what = "joined" if joined else "left"
            items += self._events("group.members_changed", group, [], {what: some})
            if told:
                items += self._events("group.members_changed", group, told, {what: len(some)})
            self._store.write(items)
            _log.info("groups.members_changed", group=group.id, joined=joined, members=len(some))
            lease.renew()

    def _forget(self, lease: Lease, group: GivenGroup) -> None:
        """No row of a group that holds no grant, unless one is given meanwhile."""
        members = sorted(self._store.members(group.id))
        at_once = _MOST_ITEMS // _ITEMS_A_MEMBER
        for start in range(0, len(members), at_once):
            items = [lease.check()]
            for identity in members[start : start + at_once]:
                items += self._store.delete_member(group.id, identity)
                items.append(self._refreshes.begun_behind(identity))
            self._store.write(items)
            lease.renew()
        self._store.write([lease.check(), *self._store.delete_group(group)])
        _log.info("groups.forgotten", group=group.id)

    def _drop_stale(self, group_ids: Iterable[str]) -> None:
        for group in self._store.find_all(group_ids):
            if group.state is State.DROPPED or self._clock() < group.looked + self._held_s:
                continue
            since = datetime.fromtimestamp(group.looked, UTC).isoformat(timespec="seconds")
            told = self._store.namespaces(group.id)
            try:
                self._store.write(
                    [
                        *self._store.put_group(replace(group, state=State.DROPPED), unlike=group),
                        self._refreshes.begun(access.group(group.id), due_in_s=0),
                        *self._events("group.dropped", group, told, {"unanswered_since": since}),
                    ]
                )
            except ConditionFailedError:
                continue  # Globus Groups answered somebody else meanwhile
            _log.warning("groups.dropped", group=group.id, unanswered_since=since)

    def _events(
        self, event_type: str, group: GroupRecord, namespaces: Sequence[str], data: dict[str, Value]
    ) -> list[TransactWriteItemTypeDef]:
        """Items that tell whoever manages what the group holds a grant on, or else the operators alone."""
        whom: list[str | None] = [*namespaces[:_TOLD]]
        return self._trail.items(
            *(
                Event(
                    type=event_type,
                    actor=FABRIC,
                    namespace=namespace,
                    data={"group": group.id, "name": group.name, **data},
                )
                for namespace in whom or [None]
            )
        )

    def _now_text(self) -> str:
        return datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="microseconds")


def open_memberships(
    settings: DeployedSettings,
    *,
    globus: GlobusClients,
    leases: Leases,
    refreshes: Refreshes,
    trail: Trail,
    clock: Callable[[], float] = time.time,
) -> Memberships:
    """The groups of one deployment."""
    return Memberships(
        GroupStore(aws.dynamodb(), settings.registry_table),
        globus=globus,
        leases=leases,
        refreshes=refreshes,
        trail=trail,
        poll_s=settings.groups_poll_seconds,
        held_s=settings.groups_held_seconds,
        clock=clock,
    )


def _uuid(group_id: str) -> str:
    try:
        return str(uuid.UUID(group_id))
    except ValueError:
        raise InvalidError(f"group: must be the UUID of a Globus group, received {group_id[:64]!r}") from None

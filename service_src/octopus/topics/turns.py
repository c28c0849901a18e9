"""Who may change a topic, whose turn it is, and what is recorded of it meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from octopus.access.models import Right
from octopus.access.service import Access
from octopus.accounts.models import State as AccountState
from octopus.audit.events import Event
from octopus.audit.trail import Trail
from octopus.errors import ForbiddenError, OctopusError, UnavailableError
from octopus.identity.models import Caller
from octopus.quotas.models import Holder
from octopus.quotas.service import Quotas
from octopus.registry.leases import PATIENCE_S, Lease, Leases
from octopus.topics.models import SHOWN, Namespace, TopicRecord
from octopus.topics.names import full_name, is_namespace_name, is_topic_name
from octopus.topics.settings import TopicSettings
from octopus.topics.store import NamespaceGoneError, TopicStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef


class Turns:
    """Changes of topics of one fabric, one of each topic at a time."""

    def __init__(
        self, *, store: TopicStore, leases: Leases, access: Access, quotas: Quotas, trail: Trail
    ) -> None:
        self.store = store
        self.access = access
        self._leases = leases
        self._quotas = quotas
        self._trail = trail

    def hold(self, name: str, *, patience_s: float = PATIENCE_S) -> AbstractContextManager[Lease]:
        """The turn to change a topic, given by its full name, until the block ends.

        Raises:
            UnavailableError: others had it all the time.
        """
        return self._leases.hold(f"topic {name}", patience_s=patience_s)

    @contextmanager
    def allowed(
        self,
        caller: Caller,
        namespace: str,
        topic: str,
        *one_of: Right,
        patience_s: float = PATIENCE_S,
    ) -> Iterator[tuple[Namespace, Lease]]:
        """The turn of somebody who has one of these rights, and the namespace as it is then.

        Args:
            patience_s: how long the turn is waited for.

        Raises:
            Failure, ForbiddenError: he has none of them.
            UnavailableError: others had the turn all the time.
        """
        # Before, too: whoever has no right keeps nobody waiting, and has no topics read.
        self.access.require(caller, namespace, topic, *one_of)
        with self.hold(full_name(namespace, topic), patience_s=patience_s) as lease:
            found = self.store.read(namespace)
            as_read = found.facts if found is not None else None
            self.access.require(caller, namespace, topic, *one_of, as_read=as_read)
            yield _usable(namespace, found), lease

    def in_use(self, caller: Caller, namespace: str, topic: str, *one_of: Right) -> Namespace:
        """The namespace, of somebody who has one of these rights just now.

        Raises:
            Failure, ForbiddenError: he has none of them.
        """
        self.access.require(caller, namespace, topic, *one_of)
        return _usable(namespace, self.store.read(namespace))

    def find(self, name: str) -> TopicRecord | None:
        """A topic that there is for whoever may see it, by its full name."""
        namespace, _, topic = name.partition(".")
        if not (is_namespace_name(namespace) and is_topic_name(topic)):
            return None  # the registry has no room for keys of any length
        record = self.store.find([name]).get(name)
        return record if record is not None and record.state in SHOWN else None

    @contextmanager
    def room(
        self, namespace: Namespace, old: TopicRecord | None, new: TopicSettings
    ) -> Iterator[list[TransactWriteItemTypeDef]]:
        """Room for what a topic is to take more than it does, until the block ends, in which it is recorded.

        Args:
            old: None for a topic that is not there yet.
            new: what it is to have.

        Returns:
            Items of the transaction that records it.

        Raises:
            OverLimitError: there is none.
        """
        has = old.settings if old else None
        partitions = (new.partitions or 1) - ((has.partitions or 1) if has else 0)
        kept = self._kept(new) - (self._kept(has) if has else 0)
        if old is not None and partitions <= 0 and kept <= 0:
            yield []
            return
        with self._quotas.require_room(
            Holder.of(namespace.name, namespace.owner),
            topics=0 if old else 1,
            partitions=max(0, partitions),
            retention_bytes=max(0, kept),
        ) as turn:
            yield [turn.check()]

    def put(
        self,
        owner: str,
        namespace: str,
        topic: TopicRecord,
        lease: Lease,
        *events: Event,
        relist: bool = False,
        within: Sequence[TransactWriteItemTypeDef] = (),
    ) -> TopicRecord:
        """Record a change that is about to begin, with what is to be read of it; see `TopicStore.put`.

        Args:
            within: items of the same transaction; see `room`.

        Raises:
            UnavailableError: the namespace is not in use any more; nothing was done.
        """
        try:
            further = [*within, *self._trail.items(*events)]
            return self.store.put(owner, namespace, topic, lease, relist=relist, further=further)
        except NamespaceGoneError:
            raise _changed_meanwhile(namespace) from None

    def settle(
        self,
        owner: str,
        namespace: str,
        topic: TopicRecord,
        lease: Lease,
        *events: Event,
        while_creating: bool = False,
    ) -> TopicRecord:
        """Record a change that is done.

        Raises:
            NamespaceGoneError: the namespace is not in use any more; nothing was written.
        """
        return self.store.put(
            owner,
            namespace,
            topic,
            lease,
            while_creating=while_creating,
            further=self._trail.items(*events),
        )

    def forget(self, namespace: str, topic: TopicRecord, lease: Lease, *events: Event, actor: str) -> None:
        """The topic is gone: no grant on it and no record of it is left.

        Args:
            actor: who brought it about.
        """
        if topic.state in SHOWN:
            # Or somebody could be given a right after the grants were taken, and have it on the next topic
            # of that name.
            self.store.begin_removal(namespace, topic, lease)
        self.access.take_all_on(namespace, topic.name, actor=actor)
        self.store.remove(namespace, topic, lease, further=self._trail.items(*events))

    def tell(self, *events: Event) -> None:
        """Record events of what changes nothing in the registry."""
        self._trail.record(*events)

    def _kept(self, settings: TopicSettings) -> int:
        return self._quotas.kept_bytes(
            partitions=settings.partitions or 1,
            retention_bytes=settings.retention_bytes,
            cleanup_policy=settings.cleanup_policy,
        )


def in_part(change: str, topic: str, error: OctopusError) -> OctopusError:
    """What a caller is told of a change that was begun and not finished."""
    return OctopusError(f"Topic {topic} is {change} in part ({error.message}): call again to finish")


def _usable(name: str, found: Namespace | None) -> Namespace:
    if found is not None and found.state is AccountState.SUSPENDED:
        raise ForbiddenError(f"Namespace {name} is suspended: nothing of it can be changed")
    if found is None or found.state is not AccountState.ACTIVE:
        raise _changed_meanwhile(name)
    return found


def _changed_meanwhile(namespace: str) -> UnavailableError:
    return UnavailableError(f"Namespace {namespace} changed meanwhile: nothing was done, try again")

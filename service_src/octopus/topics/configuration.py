"""What a topic is like: described, changed with a plan first, and freed of its oldest records.

A change is recorded before it is made, and made again by whoever finds it unfinished: brokers take the same
settings twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

import structlog

from octopus.access.models import Right
from octopus.audit.events import FABRIC, Event
from octopus.errors import Failure, ForbiddenError, InvalidError, NotFoundError, UnavailableError
from octopus.identity.models import Caller
from octopus.kafka.admin import KafkaTopic, TopicAdmin
from octopus.kafka.asking import KafkaAwayError, KafkaRefusedError
from octopus.kafka.configs import Config
from octopus.kafka.offsets import Span
from octopus.registry.leases import Lease
from octopus.topics.about import About
from octopus.topics.applying import apply, settings_of
from octopus.topics.bounds import Bounds
from octopus.topics.changes import Plan, Wish, plan
from octopus.topics.models import SHOWN, Namespace, State, TopicRecord
from octopus.topics.names import full_name
from octopus.topics.settings import TopicSettings
from octopus.topics.store import NamespaceGoneError
from octopus.topics.telling import changed, made, told
from octopus.topics.turns import Turns, in_part

_CONFIGURES = (Right.MEMBER, Right.MANAGE)
_PATIENCE_S = 5.0
"""For the turn: with two questions and two changes of the brokers a request stays under 25 s."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Description:
    """A topic as somebody sees it."""

    about: About
    rights: frozenset[Right]
    """His; empty for somebody who sees it only because it is listed, and then all below is None."""
    topic_id: str | None = None
    settings: TopicSettings | None = None
    """What was chosen for it."""
    in_force: TopicSettings | None = None
    """The same, and the brokers' defaults where nothing was chosen."""
    spans: Mapping[int, Span] | None = None
    """Offsets by partition."""


class Configuration:
    """Settings and descriptions of the topics of one fabric."""

    def __init__(self, *, turns: Turns, kafka: TopicAdmin, bounds: Bounds) -> None:
        self._turns = turns
        self._kafka = kafka
        self._bounds = bounds

    def describe(self, caller: Caller, namespace: str, topic: str) -> Description:
        """The topic, with what the brokers say of it.

        Raises:
            ForbiddenError: the caller has no right on it, and it is not listed.
            NotFoundError: there is no such topic, and the caller may know that.
            UnavailableError: Kafka is away.
        """
        name = full_name(namespace, topic)
        rights = self._turns.access.rights(caller, namespace, topic)
        record = self._turns.find(name)
        if record is not None and not rights and record.about.listed:
            return Description(about=record.about, rights=rights)
        if not rights:
            with _forbidden():
                self._turns.access.require(caller, namespace, topic, *Right)
        if record is None:
            raise _absent(namespace, topic)
        held = self._held(record, name)
        configs = self._kafka.configs.describe(name)
        return Description(
            about=record.about,
            rights=rights,
            topic_id=held.topic_id,
            settings=_settings(held, configs, own=True),
            in_force=_settings(held, configs, own=False),
            spans=self._kafka.offsets.spans(name, held.partitions),
        )

    def plan(self, caller: Caller, namespace: str, topic: str, wish: Wish) -> Plan:
        """What `change` would do; nothing is done.

        Raises:
            ForbiddenError: the caller may not change the topic, or not open it to others.
            NotFoundError: there is no such topic.
        """
        with _forbidden():
            found = self._turns.in_use(caller, namespace, topic, *_CONFIGURES)
            return self._plan(caller, found, _shown(found, topic), wish)

    def change(self, caller: Caller, namespace: str, topic: str, wish: Wish) -> Plan:
        """The topic is as wished for, in the registry and in Kafka; what is not named stays as it was.

        Returns:
            What was changed.

        Raises:
            ForbiddenError: the caller may not change the topic, or not open it to others.
            NotFoundError: there is no such topic.
            InvalidError: something of the wish cannot be had; nothing was done.
            OverLimitError: there is no room for it; nothing was done.
            UnavailableError: Kafka is away; nothing was done.
            OctopusError: begun and not finished; calling again, or waiting, finishes it.
        """
        name = full_name(namespace, topic)
        allowed = self._turns.allowed(caller, namespace, topic, *_CONFIGURES, patience_s=_PATIENCE_S)
        with _forbidden(), allowed as (found, lease):
            record = _shown(found, topic)
            if record.state is State.RECREATING:
                raise _being_recreated(topic)
            planned = self._plan(caller, found, record, wish)
            planned.require_possible()
            unfinished = record.state is State.CHANGING
            if not planned.changes and not unfinished:
                return planned
            held = self._held(record, name) if planned.of_kafka or unfinished else None
            begun = self._begin(caller, found, record, planned, lease)
            if held is not None:
                self._apply(found, begun, held, lease)
            self._finish(found, begun, lease)
            _log.info(
                "topic.changed",
                subject=caller.subject,
                namespace=namespace,
                topic=topic,
                public=begun.about.public,
                listed=begun.about.listed,
            )
            return planned

    def delete_records(
        self, caller: Caller, namespace: str, topic: str, before: Mapping[int, int] | None
    ) -> dict[int, int]:
        """No record before these offsets is left.

        The audit is told before it is done: no deletion goes untold.

        Args:
            before: offset by partition; None for all records that there are now.

        Returns:
            Offset of the first record that is left, or of the next that comes, of each partition named.

        Raises:
            ForbiddenError: the caller may not.
            NotFoundError: there is no such topic.
            InvalidError: there is no such partition, or its log ends before the offset.
            UnavailableError: Kafka is away.
        """
        name = full_name(namespace, topic)
        allowed = self._turns.allowed(caller, namespace, topic, *_CONFIGURES)
        with _forbidden(), allowed as (found, _lease):
            record = _shown(found, topic)
            held = self._held(record, name)
            spans = self._kafka.offsets.spans(name, held.partitions)
            offsets = {number: span.latest for number, span in spans.items()} if before is None else before
            _require_deletable(record, spans, offsets)
            named = {str(number): offset for number, offset in offsets.items()}
            self._turns.tell(told("topic.records_deleted", caller.subject, namespace, topic, **named))
            left = self._kafka.offsets.delete_before(name, offsets)
            _log.info("topic.records_deleted", subject=caller.subject, namespace=namespace, topic=topic)
            return left

    def _plan(self, caller: Caller, found: Namespace, topic: TopicRecord, wish: Wish) -> Plan:
        planned = plan(wish, topic, self._bounds.inside(found.bounds))
        if planned.opens:
            self._turns.access.require(caller, found.name, topic.name, Right.MANAGE, as_read=found.facts)
        return planned

    def _held(self, record: TopicRecord, name: str) -> KafkaTopic:
        held = self._kafka.describe(name)
        if held is None or record.state is State.RECREATING:
            raise _being_recreated(record.name)
        return held

    def _begin(
        self, caller: Caller, found: Namespace, record: TopicRecord, planned: Plan, lease: Lease
    ) -> TopicRecord:
        wanted = replace(
            record,
            state=State.CHANGING,
            settings=planned.settings,
            about=planned.about,
            by=caller.subject,
        )
        with self._turns.room(found, record, planned.settings) as room:
            return self._turns.put(
                found.owner,
                found.name,
                wanted,
                lease,
                changed(planned, caller.subject, found.name, record.name),
                relist=planned.about.listed != record.about.listed,
                within=room,
            )

    def _apply(self, found: Namespace, begun: TopicRecord, held: KafkaTopic, lease: Lease) -> None:
        try:
            apply(self._kafka, held, begun.settings)
        except KafkaAwayError as away:
            raise in_part("changed", begun.name, away) from away
        except KafkaRefusedError as refused:
            # What the brokers have now is neither what was wished for nor, perhaps, what there was.
            now = self._kafka.describe(held.name) or held
            holds = replace(begun, settings=settings_of(self._kafka, now))
            # The audit has been told what was wished for.
            self._finish(found, holds, lease, made("topic.changed", FABRIC, found.name, holds))
            raise KafkaRefusedError(f"Failed to change Kafka topic: {refused.message}") from refused

    def _finish(self, found: Namespace, begun: TopicRecord, lease: Lease, *events: Event) -> None:
        active = replace(begun, state=State.ACTIVE)
        try:
            self._turns.settle(found.owner, found.name, active, lease, *events)
        except NamespaceGoneError as gone:
            changed_meanwhile = UnavailableError(f"{found.name} changed meanwhile")
            raise in_part("changed", begun.name, changed_meanwhile) from gone


@contextmanager
def _forbidden() -> Iterator[None]:
    """Of one's own namespace without an account: failures are what the published routes answer, not these."""
    try:
        yield
    except Failure as failure:
        raise ForbiddenError(failure.message) from None


def _shown(found: Namespace, topic: str) -> TopicRecord:
    record = found.topics.get(topic)
    if record is None or record.state not in SHOWN:
        raise _absent(found.name, topic)
    return record


def _absent(namespace: str, topic: str) -> NotFoundError:
    return NotFoundError(f"Topic {topic[:64]} not found in {namespace}")


def _being_recreated(topic: str) -> UnavailableError:
    return UnavailableError(f"Topic {topic} is being recreated: nothing was done, try again")


def _settings(held: KafkaTopic, configs: Mapping[str, Config], *, own: bool) -> TopicSettings:
    values = {name: config.value for name, config in configs.items() if config.own or not own}
    return TopicSettings.held(held.partitions, values)


def _require_deletable(record: TopicRecord, spans: Mapping[int, Span], offsets: Mapping[int, int]) -> None:
    if record.settings.cleanup_policy == "compact":
        raise InvalidError(
            "cleanup_policy: of a topic that is only compacted Kafka deletes no records before an offset,"
            " received compact"
        )
    for number, offset in sorted(offsets.items()):
        span = spans.get(number)
        if span is None:
            raise InvalidError(f"offsets: partitions are 0 to {len(spans) - 1}, received {number}")
        if not 0 <= offset <= span.latest:
            raise InvalidError(f"offsets.{number}: 0 to {span.latest}, where its log ends, received {offset}")

"""Creates, deletes and recreates topics, each in the registry and in Kafka.

What the caller may do is decided before anything else. Kafka is asked before the registry is written, so a
Kafka that is away changes nothing. Of a change that is cut short, the record says how far it got: the next
call, or the background, goes on from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace

import structlog

from octopus.access.models import Right
from octopus.accounts.models import State as AccountState
from octopus.errors import Failure, OctopusError, UnavailableError
from octopus.identity.models import Caller
from octopus.kafka.admin import KafkaTopic, TopicAdmin
from octopus.kafka.asking import KafkaAwayError, KafkaRefusedError
from octopus.registry.leases import Lease
from octopus.topics.applying import make, settings_of
from octopus.topics.bounds import Bounds
from octopus.topics.changes import Wish, changes, plan_new
from octopus.topics.models import LIVING, SHOWN, Namespace, State, TopicChange, TopicRecord
from octopus.topics.names import full_name, require_topic_name
from octopus.topics.store import NamespaceGoneError
from octopus.topics.telling import made, told
from octopus.topics.turns import Turns, in_part

_log = structlog.get_logger(__name__)


class Topics:
    """Topics of one fabric."""

    def __init__(self, *, turns: Turns, kafka: TopicAdmin, bounds: Bounds) -> None:
        self._turns = turns
        self._store = turns.store
        self._kafka = kafka
        self._bounds = bounds

    def names(self, namespace: str) -> list[str]:
        """Topics of a namespace, in order; the caller has been found to own it."""
        found = self._store.read(namespace)
        return found.shown() if found else []

    def create(self, caller: Caller, namespace: str, topic: str, wish: Wish | None = None) -> TopicChange:
        """The topic exists, in the registry and in Kafka, and can be written to.

        One that exists already stays as it is, whatever is wished for.

        Args:
            wish: what it is to be like; what is left out is the project's default, then the brokers'.

        Raises:
            Failure: the name breaks a rule, or the caller's namespace does not exist yet.
            ForbiddenError: the caller may not make topics there, or not open one to others.
            InvalidError: the wish is out of bounds.
            OverLimitError: there is no room for it.
            UnavailableError: Kafka is away; nothing was done.
            OctopusError: begun and not finished; calling again finishes it.
        """
        require_topic_name(topic)
        wish = wish or Wish()
        name = full_name(namespace, topic)
        with self._turns.allowed(caller, namespace, topic, Right.MEMBER) as (found, lease):
            held = self._kafka.describe(name)
            record = found.topics.get(topic)
            if record and record.state in LIVING and held and held.topic_id == record.topic_id:
                return TopicChange(changed=False, topics=found.shown(), unlike=_unlike(wish, record))
            known = record is not None and record.state in SHOWN
            wanted = record if record and known else self._wanted(caller, found, topic, wish)
            old = record.topic_id if record else None
            try:
                if record and record.state is State.DELETING and held:
                    self._kafka.delete([name])
                    old, held = held.topic_id, None
                if not known:
                    with self._turns.room(found, record, wanted.settings) as room:
                        wanted = self._turns.put(found.owner, namespace, wanted, lease, within=room)
                is_new = held is None
                held = held or make(self._kafka, name, wanted.settings, unlike=old)
                settings = wanted.settings if is_new else settings_of(self._kafka, held)
            except KafkaAwayError as away:
                raise in_part("created", topic, away) from away
            except KafkaRefusedError as refused:
                if held is None:
                    self._turns.forget(namespace, wanted, lease, actor=caller.subject)
                raise KafkaRefusedError(f"Failed to create Kafka topic: {refused.message}") from refused
            kind = "topic.created" if not known else "topic.recreated" if is_new else "topic.adopted"
            wanted = replace(wanted, settings=settings)
            self._activate(caller, found, wanted, held, lease, kind=kind, is_new=is_new)
            if not known:
                _log.info("topic.created", subject=caller.subject, namespace=namespace, topic=topic)
            unlike = _unlike(wish, wanted) if known or not is_new else ()
            return TopicChange(changed=not known, topics=sorted({*found.shown(), topic}), unlike=unlike)

    def delete(self, caller: Caller, namespace: str, topic: str) -> TopicChange:
        """The topic does not exist any more, and neither do its records, nor grants on it.

        Raises:
            Failure: the name breaks a rule, or the caller's namespace does not exist yet.
            ForbiddenError: the caller may not delete topics there.
            UnavailableError: Kafka is away; the topic is where it was.
            OctopusError: begun and not finished; calling again finishes it.
        """
        require_topic_name(topic)
        name = full_name(namespace, topic)
        with self._turns.allowed(caller, namespace, topic, Right.MEMBER) as (found, lease):
            record = found.topics.get(topic)
            if record is None:
                return TopicChange(changed=False, topics=found.shown())
            self._kafka.describe(name)
            going = replace(record, state=State.DELETING, by=caller.subject)
            going = self._turns.put(found.owner, namespace, going, lease)
            try:
                self._kafka.delete([name])
            except KafkaAwayError as away:
                raise in_part("deleted", topic, away) from away
            except KafkaRefusedError as refused:
                self._turns.put(found.owner, namespace, record, lease)
                raise KafkaRefusedError(f"Failed to delete Kafka topic: {refused.message}") from refused
            gone = told("topic.deleted", caller.subject, namespace, topic)
            self._turns.forget(namespace, going, lease, gone, actor=caller.subject)
            _log.info("topic.deleted", subject=caller.subject, namespace=namespace, topic=topic)
            return TopicChange(changed=True, topics=[other for other in found.shown() if other != topic])

    def recreate(self, caller: Caller, namespace: str, topic: str) -> None:
        """The topic is there, empty, under a new topic id; settings, description and grants are as they were.

        Raises:
            Failure: the name breaks a rule, or the caller has no such namespace or topic.
            ForbiddenError: the caller may not recreate topics there.
            UnavailableError: Kafka is away; the topic is as it was.
            OctopusError: begun and not finished; calling again finishes it.
        """
        require_topic_name(topic)
        name = full_name(namespace, topic)
        with self._turns.allowed(caller, namespace, topic, Right.MEMBER) as (found, lease):
            record = found.topics.get(topic)
            if record is None or record.state not in SHOWN:
                raise Failure(f"Topic {topic} not found in {namespace}")
            old = self._kafka.describe(name)
            begun = replace(record, state=State.RECREATING, by=caller.subject)
            begun = self._turns.put(found.owner, namespace, begun, lease)
            try:
                self._kafka.delete([name])
                new = make(self._kafka, name, begun.settings, unlike=old.topic_id if old else None)
            except OctopusError as error:
                raise in_part("recreated", topic, error) from error
            self._activate(caller, found, begun, new, lease, kind="topic.recreated", is_new=True)
            _log.info("topic.recreated", subject=caller.subject, namespace=namespace, topic=topic)

    def ids(self, namespace: str) -> dict[str, str]:
        """Every topic of a namespace, known to the registry or not, with Kafka's id of it.

        The id is empty where Kafka holds no such topic.

        Raises:
            UnavailableError: Kafka is away.
        """
        found = self._store.read(namespace)
        prefix = full_name(namespace, "")
        held = self._kafka.list_topics(prefix).items()
        known = dict.fromkeys(found.topics if found else (), "")
        return known | {name.removeprefix(prefix): topic.topic_id for name, topic in held}

    def delete_all(
        self, subject: str, namespace: str, whole: Lease, *, only: Mapping[str, str] | None = None
    ) -> None:
        """No topic of a namespace is left, known to the registry or not, and no grant on one.

        Args:
            subject: who brings it about.
            whole: the turn to change the namespace's owner.
            only: those that are meant, as `ids` gave them; what was made since under the same names is left.
        """
        prefix = full_name(namespace, "")
        with ExitStack() as turns:
            leases = {
                topic: turns.enter_context(self._turns.hold(f"{prefix}{topic}"))
                for topic in sorted(self.ids(namespace) if only is None else only)
            }
            if only is not None:
                now = self.ids(namespace)
                leases = {
                    topic: lease
                    for topic, lease in leases.items()
                    if topic in now and now[topic] in ("", only[topic])
                }
            whole.renew()
            self._kafka.delete([f"{prefix}{topic}" for topic in leases])
            found = self._store.read(namespace)
            records = found.topics if found else {}
            for topic, lease in leases.items():
                record = records.get(topic) or TopicRecord(topic, State.DELETING, None)
                gone = told("topic.deleted", subject, namespace, topic)
                self._turns.forget(namespace, record, lease, gone, actor=subject)
                _log.info("topic.deleted", subject=subject, namespace=namespace, topic=topic)

    def _wanted(self, caller: Caller, found: Namespace, topic: str, wish: Wish) -> TopicRecord:
        """The record of a topic that is about to be made."""
        new = plan_new(wish, found.defaults, self._bounds.inside(found.bounds))
        if new.opens:
            self._turns.access.require(caller, found.name, topic, Right.MANAGE, as_read=found.facts)
        new.require_possible()
        record = found.topics.get(topic) or TopicRecord(topic, State.CREATING, None)
        return replace(
            record, state=State.CREATING, settings=new.settings, about=new.about, by=caller.subject
        )

    def _activate(
        self,
        caller: Caller,
        found: Namespace,
        topic: TopicRecord,
        held: KafkaTopic,
        lease: Lease,
        *,
        kind: str,
        is_new: bool,
    ) -> None:
        active = replace(topic, state=State.ACTIVE, topic_id=held.topic_id)
        event = made(kind, caller.subject, found.name, active)
        try:
            self._turns.settle(found.owner, found.name, active, lease, event)
        except NamespaceGoneError as gone:
            # Suspended, the account keeps its topics, and its record says that this one is to be completed.
            # Deleted, it takes its topics along; but it may have looked for them before this one was made.
            now = self._store.read(found.name)
            if is_new and (now is None or now.state is AccountState.DELETING):
                self._kafka.delete([held.name])
            self._turns.in_use(caller, found.name, topic.name, Right.MEMBER)
            changed = UnavailableError(f"{found.name} changed meanwhile")
            raise in_part("changed", topic.name, changed) from gone


def _unlike(wish: Wish, topic: TopicRecord) -> tuple[str, ...]:
    """Fields of a topic that are not what was wished for."""
    settings, about = wish.settings_over(topic.settings), wish.about_over(topic.about)
    return tuple(change.field for change in changes(topic, settings, about))

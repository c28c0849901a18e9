"""Creates, deletes and recreates topics, each in the registry and in Kafka.

Whose a namespace is, is decided before anything else. Kafka is asked before the registry is written, so a
Kafka that is away changes nothing. Of a change that is cut short, the record says how far it got: the next
call, or the background, goes on from there.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack

import structlog

from octopus.accounts.models import State as AccountState
from octopus.errors import Failure, ForbiddenError, OctopusError, UnavailableError
from octopus.identity.models import Caller
from octopus.kafka.admin import KafkaTopic, TopicAdmin
from octopus.kafka.asking import KafkaAwayError, KafkaRefusedError
from octopus.registry.leases import Lease, Leases
from octopus.topics.models import SHOWN, Namespace, Reconciliation, State, TopicChange, TopicRecord
from octopus.topics.names import full_name, is_namespace_name, is_topic_name, namespace_of, require_topic_name
from octopus.topics.store import NamespaceGoneError, TopicStore

_log = structlog.get_logger(__name__)


class Topics:
    """Topics of one fabric."""

    def __init__(self, *, store: TopicStore, leases: Leases, kafka: TopicAdmin) -> None:
        self._store = store
        self._leases = leases
        self._kafka = kafka

    def names(self, namespace: str) -> list[str]:
        """Topics of a namespace, in order; the caller has been found to own it."""
        found = self._store.read(namespace)
        return found.shown() if found else []

    def create(self, caller: Caller, namespace: str, topic: str) -> TopicChange:
        """The topic exists, in the registry and in Kafka, and can be written to.

        Raises:
            Failure: the name breaks a rule, or the caller's namespace does not exist yet.
            ForbiddenError: the namespace is not the caller's.
            UnavailableError: Kafka is away; nothing was done.
            OctopusError: begun and not finished; calling again finishes it.
        """
        require_topic_name(topic)
        subject = caller.subject
        self._owned(subject, namespace)
        name = full_name(namespace, topic)
        with self._turn(name) as lease:
            found = self._owned(subject, namespace)
            held = self._kafka.describe(name)
            record = found.topics.get(topic)
            if record and record.state is State.ACTIVE and held and held.topic_id == record.topic_id:
                return TopicChange(changed=False, topics=found.shown())
            if record is None:
                self._put(subject, namespace, TopicRecord(topic, State.CREATING, None), lease)
            old = record.topic_id if record else None
            try:
                if record and record.state is State.DELETING and held:
                    self._kafka.delete([name])
                    old, held = held.topic_id, None
                made = held is None
                held = held or self._kafka.create(name, unlike=old)
            except KafkaAwayError as away:
                raise _in_part("created", topic, away) from away
            except KafkaRefusedError as refused:
                if held is None:
                    self._store.remove(namespace, topic, lease)
                raise KafkaRefusedError(f"Failed to create Kafka topic: {refused.message}") from refused
            self._activate(subject, namespace, topic, held, lease, made=made)
            known = record is not None and record.state in SHOWN
            if not known:
                _log.info("topic.created", subject=subject, namespace=namespace, topic=topic)
            return TopicChange(changed=not known, topics=sorted({*found.shown(), topic}))

    def delete(self, caller: Caller, namespace: str, topic: str) -> TopicChange:
        """The topic does not exist any more, and neither do its records.

        Raises:
            Failure: the name breaks a rule, or the caller's namespace does not exist yet.
            ForbiddenError: the namespace is not the caller's.
            UnavailableError: Kafka is away; the topic is where it was.
            OctopusError: begun and not finished; calling again finishes it.
        """
        require_topic_name(topic)
        subject = caller.subject
        found = self._owned(subject, namespace)
        if topic not in found.topics:
            return TopicChange(changed=False, topics=found.shown())
        name = full_name(namespace, topic)
        with self._turn(name) as lease:
            found = self._owned(subject, namespace)
            record = found.topics.get(topic)
            if record is None:
                return TopicChange(changed=False, topics=found.shown())
            self._kafka.describe(name)
            self._put(subject, namespace, TopicRecord(topic, State.DELETING, record.topic_id), lease)
            try:
                self._kafka.delete([name])
            except KafkaAwayError as away:
                raise _in_part("deleted", topic, away) from away
            except KafkaRefusedError as refused:
                self._put(subject, namespace, record, lease)
                raise KafkaRefusedError(f"Failed to delete Kafka topic: {refused.message}") from refused
            self._store.remove(namespace, topic, lease)
            _log.info("topic.deleted", subject=subject, namespace=namespace, topic=topic)
            return TopicChange(changed=True, topics=[other for other in found.shown() if other != topic])

    def recreate(self, caller: Caller, namespace: str, topic: str) -> None:
        """The topic is there, empty, under a new topic id.

        Raises:
            Failure: the name breaks a rule, or the caller has no such namespace or topic.
            ForbiddenError: the namespace is not the caller's.
            UnavailableError: Kafka is away; the topic is as it was.
            OctopusError: begun and not finished; calling again finishes it.
        """
        require_topic_name(topic)
        subject = caller.subject
        self._owned(subject, namespace)
        name = full_name(namespace, topic)
        with self._turn(name) as lease:
            record = self._owned(subject, namespace).topics.get(topic)
            if record is None or record.state not in SHOWN:
                raise Failure(f"Topic {topic} not found in {namespace}")
            old = self._kafka.describe(name)
            begun = TopicRecord(topic, State.RECREATING, record.topic_id)
            self._put(subject, namespace, begun, lease)
            try:
                self._kafka.delete([name])
                new = self._kafka.create(name, unlike=old.topic_id if old else None)
            except OctopusError as error:
                raise _in_part("recreated", topic, error) from error
            self._activate(subject, namespace, topic, new, lease, made=True)
            _log.info("topic.recreated", subject=subject, namespace=namespace, topic=topic)

    def delete_all(self, subject: str, namespace: str, account: Lease) -> None:
        """No topic of a namespace that is being deleted is left, known to the registry or not.

        Args:
            account: the turn to change the namespace's owner.
        """
        found = self._store.read(namespace)
        prefix = full_name(namespace, "")
        known = set(found.topics) if found else set()
        held = {name.removeprefix(prefix) for name in self._kafka.list_topics(prefix)}
        with ExitStack() as turns:
            leases = {
                topic: turns.enter_context(self._turn(f"{prefix}{topic}")) for topic in sorted(known | held)
            }
            account.renew()
            self._kafka.delete([f"{prefix}{topic}" for topic in leases])
            for topic, lease in leases.items():
                self._store.remove(namespace, topic, lease)
                _log.info("topic.deleted", subject=subject, namespace=namespace, topic=topic)

    def adopt(self, subject: str, namespace: str) -> tuple[str, ...]:
        """Topics that Kafka holds under a namespace which is being created are the namespace's topics."""
        return self._reconcile(subject, namespace, while_creating=True).adopted

    def reconcile(self, subject: str, namespace: str) -> Reconciliation:
        """Bring the registry in line with what Kafka holds; changes cut short are completed.

        Raises:
            ForbiddenError, Failure: the namespace is not the subject's.
            UnavailableError: Kafka is away.
        """
        self._owned(subject, namespace)
        return self._reconcile(subject, namespace, while_creating=False)

    def heal_all(self) -> None:
        """Go on with every topic whose change is pending and due."""
        self._store.pending.work_off(self.heal)

    def heal(self, name: str) -> None:
        """Complete or undo what is pending of one topic, given by its full name.

        Raises:
            UnavailableError: Kafka is away, the account is not in use, or a request is at it just now.
        """
        namespace, _, topic = name.partition(".")
        with self._leases.hold(f"topic {name}", patience_s=0) as lease:
            found = self._store.read(namespace)
            record = found.topics.get(topic) if found else None
            if found is None or record is None or record.state is State.ACTIVE:
                self._store.end(name, lease)
                return
            if found.state is not AccountState.ACTIVE:
                raise UnavailableError(f"The account of {name} is {found.state}: its topics wait for it")
            held = self._kafka.describe(name)
            self._settle(found.owner, namespace, topic, record, held, lease, while_creating=False)
            _log.info("topic.completed", subject=found.owner, namespace=namespace, topic=topic)

    def _reconcile(self, subject: str, namespace: str, *, while_creating: bool) -> Reconciliation:
        prefix = full_name(namespace, "")
        total = Reconciliation()
        found = self._store.read(namespace)
        known = set(found.topics) if found else set()
        held_names = {name.removeprefix(prefix) for name in self._kafka.list_topics(prefix)}
        # A name with a dot is one of the platform's own topics, not the user's.
        for topic in sorted(known | {name for name in held_names if is_topic_name(name)}):
            with self._turn(f"{prefix}{topic}") as lease:
                now = self._store.read(namespace)
                record = now.topics.get(topic) if now else None
                held = self._kafka.describe(f"{prefix}{topic}")
                total += self._settle(subject, namespace, topic, record, held, lease, while_creating)
        return total

    def _settle(
        self,
        subject: str,
        namespace: str,
        topic: str,
        record: TopicRecord | None,
        held: KafkaTopic | None,
        lease: Lease,
        while_creating: bool,
    ) -> Reconciliation:
        name = full_name(namespace, topic)
        fields = {"subject": subject, "namespace": namespace, "topic": topic}
        if record is not None and record.state is State.RECREATING and held is None:
            held = self._kafka.create(name, unlike=record.topic_id)
        if record is not None and (held is None or record.state is State.DELETING):
            if held is not None:
                self._kafka.delete([name])
            self._store.remove(namespace, topic, lease)
            if record.state is State.ACTIVE:
                _log.warning("topic.lost", **fields)
                return Reconciliation(lost=(name,))
            return Reconciliation(completed=(name,))
        if held is None or (
            record is not None and record.state is State.ACTIVE and record.topic_id == held.topic_id
        ):
            return Reconciliation()
        active = TopicRecord(topic, State.ACTIVE, held.topic_id)
        self._store.put(subject, namespace, active, lease, while_creating=while_creating)
        if record is None:
            _log.info("topic.adopted", **fields)
            return Reconciliation(adopted=(name,))
        return Reconciliation(completed=(name,))

    def _owned(self, subject: str, namespace: str) -> Namespace:
        refusal = f"Namespace {namespace[:64]} not found for {subject}"
        if not is_namespace_name(namespace):
            raise ForbiddenError(refusal)  # the registry has no room for keys of any length
        found = self._store.read(namespace)
        if found is not None and found.owner != subject:
            raise ForbiddenError(refusal)
        if found is not None and found.state is AccountState.SUSPENDED:
            raise ForbiddenError(f"User {subject} is suspended: ask the fabric's operator")
        if found is None or found.state is not AccountState.ACTIVE:
            if namespace != namespace_of(subject):
                # The same answer as for somebody else's: it does not tell which namespaces exist.
                raise ForbiddenError(refusal)
            raise Failure(refusal)
        return found

    def _turn(self, name: str) -> AbstractContextManager[Lease]:
        return self._leases.hold(f"topic {name}")

    def _put(self, subject: str, namespace: str, topic: TopicRecord, lease: Lease) -> None:
        try:
            self._store.put(subject, namespace, topic, lease)
        except NamespaceGoneError:
            raise UnavailableError(
                f"Namespace {namespace} changed meanwhile: nothing was done, try again"
            ) from None

    def _activate(
        self, subject: str, namespace: str, topic: str, held: KafkaTopic, lease: Lease, *, made: bool
    ) -> None:
        try:
            self._store.put(subject, namespace, TopicRecord(topic, State.ACTIVE, held.topic_id), lease)
        except NamespaceGoneError as gone:
            # Suspended, the account keeps its topics, and its record says that this one is to be completed.
            # Deleted, it takes its topics along; but it may have looked for them before this one was made.
            found = self._store.read(namespace)
            if made and (found is None or found.state is AccountState.DELETING):
                self._kafka.delete([held.name])
            self._owned(subject, namespace)
            raise _in_part("changed", topic, UnavailableError(f"{namespace} changed meanwhile")) from gone


def _in_part(change: str, topic: str, error: OctopusError) -> OctopusError:
    return OctopusError(f"Topic {topic} is {change} in part ({error.message}): call again to finish")

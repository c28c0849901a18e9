"""What was left half-done of topics is completed or undone; what only brokers hold is adopted."""

from __future__ import annotations

from dataclasses import replace

import structlog

from octopus.accounts.models import State as AccountState
from octopus.audit.events import FABRIC
from octopus.errors import UnavailableError
from octopus.kafka.admin import KafkaTopic, TopicAdmin
from octopus.kafka.asking import KafkaRefusedError
from octopus.registry.leases import Lease
from octopus.topics.applying import apply, make, settings_of
from octopus.topics.models import LIVING, PROJECT_OWNER, Reconciliation, State, TopicRecord
from octopus.topics.names import full_name, is_topic_name
from octopus.topics.telling import made, told
from octopus.topics.turns import Turns

_log = structlog.get_logger(__name__)


class Healing:
    """Heals topics of one fabric."""

    def __init__(self, *, turns: Turns, kafka: TopicAdmin) -> None:
        self._turns = turns
        self._store = turns.store
        self._kafka = kafka

    def adopt(self, subject: str, namespace: str) -> tuple[str, ...]:
        """Topics that Kafka holds under a namespace which is being created are the namespace's topics."""
        return self._reconcile(subject, namespace, while_creating=True).adopted

    def reconcile(self, owner: str, namespace: str) -> Reconciliation:
        """Bring the registry in line with what Kafka holds; changes cut short are completed.

        Args:
            owner: subject, or `PROJECT_OWNER`; nothing is done of a namespace that is not his, or not in use.

        Raises:
            UnavailableError: Kafka is away.
        """
        found = self._store.read(namespace)
        if found is None or found.owner != owner or found.state is not AccountState.ACTIVE:
            return Reconciliation()
        return self._reconcile(owner, namespace, while_creating=False)

    def reconcile_projects(self) -> Reconciliation:
        """The same for every project. It reads the whole registry: for whoever repairs a fabric.

        Raises:
            UnavailableError: Kafka is away.
        """
        total = Reconciliation()
        for name in self._store.projects():
            total += self.reconcile(PROJECT_OWNER, name)
        return total

    def close(self, name: str, *, public: bool, listed: bool) -> bool:
        """The topic, given by its full name, is open to strangers no further than this.

        Returns:
            False when it was not, or is not there.

        Raises:
            UnavailableError: the account is not in use, or others had the turn all the time.
        """
        namespace, _, topic = name.partition(".")
        with self._turns.hold(name) as lease:
            found = self._store.read(namespace)
            record = found.topics.get(topic) if found else None
            if found is None or record is None:
                return False
            was = record.about
            open_to = {"public": was.public and public, "listed": was.listed and listed}
            about = was.model_copy(update=open_to)
            if about == was:
                return False
            event = told("topic.changed", FABRIC, namespace, topic, **open_to)
            closed = replace(record, about=about)
            relist = about.listed != was.listed
            self._turns.put(found.owner, namespace, closed, lease, event, relist=relist)
            return True

    def heal_all(self) -> None:
        """Go on with every topic whose change is pending and due."""
        self._store.pending.work_off(self.heal)

    def heal(self, name: str) -> None:
        """Complete or undo what is pending of one topic, given by its full name.

        Raises:
            UnavailableError: Kafka is away, the account is not in use, or a request is at it just now.
        """
        namespace, _, topic = name.partition(".")
        with self._turns.hold(name, patience_s=0) as lease:
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

    def _reconcile(self, owner: str, namespace: str, *, while_creating: bool) -> Reconciliation:
        prefix = full_name(namespace, "")
        total = Reconciliation()
        found = self._store.read(namespace)
        known = set(found.topics) if found else set()
        held_names = {name.removeprefix(prefix) for name in self._kafka.list_topics(prefix)}
        # A name with a dot is one of the platform's own topics, not the user's.
        for topic in sorted(known | {name for name in held_names if is_topic_name(name)}):
            with self._turns.hold(f"{prefix}{topic}") as lease:
                now = self._store.read(namespace)
                record = now.topics.get(topic) if now else None
                held = self._kafka.describe(f"{prefix}{topic}")
                total += self._settle(owner, namespace, topic, record, held, lease, while_creating)
        return total

    def _settle(
        self,
        owner: str,
        namespace: str,
        topic: str,
        record: TopicRecord | None,
        held: KafkaTopic | None,
        lease: Lease,
        while_creating: bool,
    ) -> Reconciliation:
        name = full_name(namespace, topic)
        fields = {"subject": owner, "namespace": namespace, "topic": topic}
        actor = (record.by if record else None) or FABRIC
        if record is not None and record.state is State.RECREATING and held is None:
            held = make(self._kafka, name, record.settings, unlike=record.topic_id)
        if record is not None and (held is None or record.state is State.DELETING):
            if held is not None:
                self._kafka.delete([name])
            if record.state in LIVING:
                lost = told("topic.lost", FABRIC, namespace, topic)
                self._turns.forget(namespace, record, lease, lost, actor=FABRIC)
                _log.warning("topic.lost", **fields)
                return Reconciliation(lost=(name,))
            gone = [told("topic.deleted", actor, namespace, topic)] if record.state is State.DELETING else []
            self._turns.forget(namespace, record, lease, *gone, actor=actor)
            return Reconciliation(completed=(name,))
        if held is None:
            return Reconciliation()
        same = record is not None and record.topic_id == held.topic_id
        if record is not None and record.state is State.ACTIVE and same:
            return Reconciliation()
        active, kind = self._as_held(record or TopicRecord(topic, State.CREATING, None), held, same=same)
        kind = "topic.adopted" if record is None else kind
        by = FABRIC if kind in ("topic.adopted", "topic.changed") else actor
        events = [made(kind, by, namespace, active)] if kind else []
        self._turns.settle(owner, namespace, active, lease, *events, while_creating=while_creating)
        if record is None:
            _log.info("topic.adopted", **fields)
            return Reconciliation(adopted=(name,))
        return Reconciliation(completed=(name,))

    def _as_held(
        self, record: TopicRecord, held: KafkaTopic, *, same: bool
    ) -> tuple[TopicRecord, str | None]:
        """A record brought in line with a topic that brokers hold, and what the audit is told of it."""
        active = replace(record, state=State.ACTIVE, topic_id=held.topic_id)
        if record.state is State.CHANGING and same:
            try:
                apply(self._kafka, held, record.settings)
            except KafkaRefusedError:
                # The audit has been told what was wished for.
                return replace(active, settings=settings_of(self._kafka, held)), "topic.changed"
            return active, None
        if record.state is State.RECREATING:
            return active, None if same else "topic.recreated"
        kind = "topic.created" if record.state is State.CREATING else "topic.adopted"
        return replace(active, settings=settings_of(self._kafka, held)), kind

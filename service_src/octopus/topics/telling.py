"""What the audit is told of topics."""

from __future__ import annotations

from octopus.audit.events import Event, Value
from octopus.topics.changes import Plan
from octopus.topics.models import TopicRecord
from octopus.topics.settings import TopicSettings


def told(kind: str, actor: str, namespace: str, topic: str, **data: Value) -> Event:
    """Something that happened to a topic.

    Args:
        kind: the event's type, ``topic.deleted``.
        actor: who did it, as `Event` has it.
    """
    return Event(type=kind, actor=actor, namespace=namespace, topic=topic, data=data)


def changed(plan: Plan, actor: str, namespace: str, topic: str) -> Event:
    """A topic is given other settings, or another description."""
    values: dict[str, Value] = {
        change.field: list(change.after) if isinstance(change.after, tuple) else change.after
        for change in plan.changes
    }
    return told("topic.changed", actor, namespace, topic, **values)


def made(kind: str, actor: str, namespace: str, topic: TopicRecord) -> Event:
    """A topic is there, for the first time or anew, or with other settings than somebody wished for."""
    settings: TopicSettings = topic.settings
    return told(kind, actor, namespace, topic.name, topic_id=topic.topic_id, **settings.told())

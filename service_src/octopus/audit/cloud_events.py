"""Events as CloudEvents 1.0 on Kafka, in binary content mode: attributes are headers, data is the value.

Source: CloudEvents 1.0.2, Kafka protocol binding, section 3.2
(https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md).
"""

from __future__ import annotations

import json

from octopus.audit.events import TYPE_PREFIX, Event
from octopus.kafka.system_topic import Record
from octopus.times import shown


def to_record(event: Event, *, source: str) -> Record:
    """The event as it stands on the topic.

    Its key is the namespace that it concerns, or else the person: what happened to either stays in order.

    Args:
        event: what happened.
        source: of all events of this fabric; a URI.
    """
    about = f"{event.namespace}.{event.topic}" if event.topic else event.namespace or event.subject
    value = {
        "actor": event.actor,
        "subject": event.subject,
        "namespace": event.namespace,
        "topic": event.topic,
        **({"details": dict(event.data)} if event.data else {}),
    }
    headers = {
        "ce_specversion": "1.0",
        "ce_id": event.id,
        "ce_source": source,
        "ce_type": f"{TYPE_PREFIX}{event.type}",
        "ce_time": shown(event.time),
        **({"ce_subject": about} if about else {}),
        "content-type": "application/json",
    }
    return Record(
        key=event.namespace or event.subject,
        value=json.dumps(value, separators=(",", ":")).encode(),
        headers=headers,
    )

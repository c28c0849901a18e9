"""Events of the audit: what happened, to what, by whom. They hold no secret and no record's content."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

OPERATOR = "operator"
"""Actor: whoever holds the institution's AWS rights."""
FABRIC = "fabric"
"""Actor: the fabric itself, in the background."""
TYPE_PREFIX = "org.octopus."
"""Of a CloudEvent's type."""

Value = str | int | bool | None | list[str]


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened; CloudEvents 1.0 calls these attributes type, id, time and data."""

    type: str
    """Without the prefix, in the past tense: ``topic.created``, ``grant.revoked``, ``kafka.denied``."""
    actor: str
    """Subject (UUID) of whoever did it, `OPERATOR` or `FABRIC`."""
    subject: str | None = None
    """The person whom it concerns, if it concerns one: that person may read it."""
    namespace: str | None = None
    """The namespace that it concerns: whoever manages it may read it."""
    topic: str | None = None
    """Without its namespace."""
    data: Mapping[str, Value] = field(default_factory=dict)
    """What else there is to know. Never a secret, a token or a policy of somebody else."""
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    """Equal for what is the same event: recorded twice it is there once."""
    time: datetime = field(default_factory=lambda: datetime.now(UTC))

"""What brokers of each kind let be said of a topic, and what else they take.

Sources: Amazon MSK Developer Guide, "Custom MSK Express broker configurations" and "Configuration properties
for MSK Serverless clusters", read in November 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_EVERYBODYS = frozenset(
    {
        "cleanup.policy",
        "max.message.bytes",
        "message.timestamp.type",
        "retention.bytes",
        "retention.ms",
    }
)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Brokers of one kind."""

    configs: frozenset[str] = _EVERYBODYS
    """Configurations that a topic may be given; a request with any other is refused whole."""
    only_at_first: frozenset[str] = frozenset()
    """Those of them that never change."""
    largest_message_bytes: int | None = None
    """No topic may allow more; None for no such bound."""
    replicas: int | None = None
    """Of every topic; None where the deployment says how many."""
    takes_quotas: bool = True
    """Whether they hold clients to rates, and list transactional ids."""


KINDS: Mapping[str, Kind] = {
    "external": Kind(),
    "msk-standard": Kind(),
    # Which replicas have to be in sync, and who may lead, is its own matter: no topic says so.
    "msk-express": Kind(replicas=3),
    "msk-serverless": Kind(
        only_at_first=frozenset({"cleanup.policy"}),
        largest_message_bytes=8 << 20,
        replicas=3,
        takes_quotas=False,
    ),
}
"""By the setting ``kafka``."""

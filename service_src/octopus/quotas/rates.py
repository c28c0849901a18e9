"""Holds the brokers' client quotas equal to what the settings and the registry say.

Kafka holds each principal to a value of its own, or to the default user's, on every broker by itself: a rate
of the whole cluster is divided by the number of brokers. The brokers tell principals apart by name alone,
which is the subject for keys and sessions alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import structlog

from octopus.quotas.models import KAFKA_RATES, Limit, Limits
from octopus.quotas.store import QuotaStore

if TYPE_CHECKING:
    from octopus.kafka.quotas import QuotaAdmin

DEFAULT_USER = None
"""In the place of a user's name: everybody who has no value of his own."""
PLATFORM = ("service", "judge", "octopus-broker")
"""Principals whose work is everybody's: never slowed down. The last is the brokers among themselves."""
NO_LIMIT = float(1 << 53)
"""In the place of no limit, where none would mean everybody's: the largest whole number of a double."""

_KEYS: Mapping[Limit, str] = {
    Limit.PRODUCE_BYTES: "producer_byte_rate",
    Limit.CONSUME_BYTES: "consumer_byte_rate",
    Limit.REQUEST_PERCENT: "request_percentage",
}
_SUBJECT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)

_log = structlog.get_logger(__name__)


class KafkaRates:
    """The client quotas of one fabric's people.

    Args:
        store: the limits that were set.
        kafka: the brokers.
        defaults: of whoever none was set for.
        taken: whether these brokers take quotas.

    Attributes:
        refused: why the brokers hold nobody to a rate; None when they do.
    """

    def __init__(
        self,
        *,
        store: QuotaStore,
        kafka: QuotaAdmin,
        defaults: Limits,
        taken: bool = True,
    ) -> None:
        self._store = store
        self._kafka = kafka
        self._defaults = defaults
        self.refused = (
            None if taken else "Nobody is held to a rate at Kafka: brokers of this kind take no quotas"
        )

    def align(self) -> None:
        """Change whatever the brokers hold otherwise; nothing where they take no quotas.

        Values of principals that are no people of the fabric, such as an institution's own, stay as they are.

        Raises:
            KafkaAwayError: the brokers do not answer.
            KafkaRefusedError: they refused a question, or a value.
        """
        if self.refused:
            return
        wanted = wanted_quotas(self._defaults, self._store.people(), brokers=self._kafka.brokers())
        changes = changed_quotas(wanted, self._kafka.held())
        self._kafka.alter(changes)
        for user, values in changes.items():
            _log.info("quota.applied", user=user or "<default>", **values)


def wanted_quotas(
    defaults: Limits, people: Mapping[str, Limits], *, brokers: int
) -> dict[str | None, dict[str, float]]:
    """What each broker is to hold, by user.

    Args:
        defaults: over all brokers; 0 for no limit.
        people: the limits that differ from these, by subject.
        brokers: how many there are.
    """
    everybody = {
        _KEYS[limit]: _share(defaults[limit], limit, brokers) for limit in KAFKA_RATES if defaults[limit]
    }
    wanted: dict[str | None, dict[str, float]] = {DEFAULT_USER: everybody}
    for subject, limits in people.items():
        wanted[subject] = {
            _KEYS[limit]: _share(limits[limit], limit, brokers) for limit in KAFKA_RATES if limit in limits
        }
    for name in PLATFORM:
        wanted[name] = dict.fromkeys(_KEYS.values(), NO_LIMIT)
    return wanted


def changed_quotas(
    wanted: Mapping[str | None, Mapping[str, float]], held: Mapping[str | None, Mapping[str, float]]
) -> dict[str | None, dict[str, float | None]]:
    """What is to be set, or taken away (None), so that the brokers hold what is wanted."""
    changes = {}
    for user in wanted.keys() | {user for user in held if user is not None and _SUBJECT.fullmatch(user)}:
        ours, theirs = wanted.get(user, {}), held.get(user, {})
        change = {key: ours.get(key) for key in _KEYS.values() if ours.get(key) != theirs.get(key)}
        if change:
            changes[user] = change
    return changes


def _share(rate: int, limit: Limit, brokers: int) -> float:
    """One broker's share; Kafka takes whole bytes, and nothing below one."""
    if rate == 0:
        return NO_LIMIT
    return rate / brokers if limit is Limit.REQUEST_PERCENT else float(max(1, rate // brokers))

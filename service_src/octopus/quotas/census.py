"""Counts what only Kafka knows, groups and transactional ids, and notes who has more than he may.

Whoever reads with a new group makes it at Kafka, which asks nobody how many there are. So they are counted
every minute, and while there are too many, requests for something new are refused (`Quotas.require_within`).
"""

from __future__ import annotations

import structlog

from octopus.audit.events import FABRIC, Event
from octopus.audit.trail import Trail
from octopus.quotas.counts import Counted, Counts
from octopus.quotas.models import Holder, Limit, Limits, OfKafka
from octopus.quotas.store import QuotaStore

_log = structlog.get_logger(__name__)


class Census:
    """Counts for one fabric."""

    def __init__(self, *, store: QuotaStore, trail: Trail, counts: Counts, defaults: Limits) -> None:
        self._store = store
        self._trail = trail
        self._counts = counts
        self._defaults = defaults

    def take(self) -> None:
        """Note who is over a limit now, and who is not any more.

        Raises:
            KafkaAwayError: the brokers do not answer; what was noted before holds.
        """
        counted = self._counts.now()
        noted = self._store.over()
        over = self._over(counted)
        for holder, of_kafka in over.items():
            if noted.get(holder.name) == of_kafka:
                continue
            events = [] if holder.name in noted else [_exceeded(holder, of_kafka)]
            self._store.set_over(holder.name, of_kafka, self._trail.items(*events))
            _log.info("quota.exceeded", holder=holder.name, groups=of_kafka.groups)
        for name in noted.keys() - {holder.name for holder in over}:
            self._store.unset_over(name)

    def _over(self, counted: Counted) -> dict[Holder, OfKafka]:
        totals: dict[Holder, tuple[OfKafka, Limits]] = {}
        namespaces = counted.groups.keys() | (counted.transactional_ids or {}).keys()
        for namespace, (holder, own) in self._store.holders(namespaces).items():
            before = totals[holder][0] if holder in totals else OfKafka(groups=0, transactional_ids=0)
            more = counted.of([namespace])
            total = OfKafka(
                groups=before.groups + more.groups,
                transactional_ids=before.transactional_ids + more.transactional_ids,
            )
            totals[holder] = total, {**self._defaults, **own}
        return {
            holder: total
            for holder, (total, limits) in totals.items()
            if any(total.of(limit) > limits[limit] for limit in (Limit.GROUPS, Limit.TRANSACTIONAL_IDS))
        }


def _exceeded(holder: Holder, of_kafka: OfKafka) -> Event:
    return Event(
        type="quota.exceeded",
        actor=FABRIC,
        subject=None if holder.is_project else holder.name,
        namespace=holder.name if holder.is_project else None,
        data={"groups": of_kafka.groups, "transactional_ids": of_kafka.transactional_ids},
    )

"""How many groups and transactional ids each namespace has, by one question to all brokers for everybody."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from octopus.errors import UnavailableError
from octopus.kafka.groups import GroupAdmin
from octopus.quotas.models import OfKafka

if TYPE_CHECKING:
    from octopus.kafka.quotas import QuotaAdmin

LIFE_S = 15.0
"""How old an answer may be; it lists every name in the cluster, whoever asks for how little."""


@dataclass(frozen=True)
class Counted:
    """What the brokers said, by namespace."""

    groups: Counter[str]
    transactional_ids: Counter[str] | None
    """None where brokers do not list them: MSK Serverless does not know the question."""

    def of(self, namespaces: Collection[str]) -> OfKafka:
        """What these namespaces have together; none of what brokers do not tell."""
        ids = Counter[str]() if self.transactional_ids is None else self.transactional_ids
        return OfKafka(
            groups=sum(self.groups[namespace] for namespace in namespaces),
            transactional_ids=sum(ids[namespace] for namespace in namespaces),
        )


class Counts:
    """Counts at one cluster's brokers. Safe to share between threads, which wait for one answer together."""

    def __init__(
        self,
        groups: GroupAdmin,
        kafka: QuotaAdmin,
        *,
        ids_listed: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Args:
            groups: of the brokers.
            kafka: the same brokers.
            ids_listed: whether they list transactional ids.
            clock: seconds, of this process.
        """
        self._ids_listed = ids_listed
        self._groups = groups
        self._kafka = kafka
        self._clock = clock
        self._lock = Lock()
        self._asked = -LIFE_S
        self._counted: Counted | None = None

    def now(self) -> Counted:
        """As it is now.

        Raises:
            KafkaAwayError: the brokers do not answer.
            KafkaRefusedError: they will not tell.
        """
        with self._lock:
            return self._ask()

    def lately(self) -> Counted | None:
        """As it was `LIFE_S` seconds ago at most; None when the brokers gave no answer then."""
        with self._lock:
            if self._clock() - self._asked >= LIFE_S:
                # Without an answer not asked again for a while either: all who wait would, one after another.
                with suppress(UnavailableError):
                    self._ask()
            return self._counted

    def _ask(self) -> Counted:
        self._counted = None
        try:
            groups = _by_namespace(self._groups.names(""))
            self._counted = Counted(groups, self._transactional_ids())
        finally:
            self._asked = self._clock()
        return self._counted

    def _transactional_ids(self) -> Counter[str] | None:
        return _by_namespace(self._kafka.transactional_ids()) if self._ids_listed else None


def _by_namespace(names: Iterable[str]) -> Counter[str]:
    # Names without a dot are nobody's, and what is no namespace's name has no row.
    return Counter(namespace for namespace, dot, _ in (name.partition(".") for name in names) if dot)

"""What of the fabric works now, as everybody may know it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from octopus import aws
from octopus.errors import OverLimitError
from octopus.learnt import Learnt
from octopus.rates import SharedRate
from octopus.settings import ServiceSettings
from octopus.status.models import UNSEEN, Part, PartReply, Standing, StatusReply
from octopus.status.store import StatusStore

REQUESTS = 20
"""A second, of all callers and replicas together."""
KEPT_S = 5.0
"""How long an answer of the registry counts: whoever looks does so once a minute."""
_IN_A_ROW = 2
"""Questions to the registry without an answer that make it away: one alone may be a connection that ended."""

Checks = Callable[[], Awaitable[Mapping[str, str | None]]]
"""Gives each dependency of this process by its name: None while it answers, else why not."""


class FabricStatus:
    """How each part stands, as the registry has it or, with the registry away, as it had it last.

    It tells which paths of users work and since when: no host, no dependency, no error of anybody's. Safe to
    share between threads.
    """

    def __init__(
        self,
        store: StatusStore,
        checks: Checks,
        *,
        replicas: int,
        parts: Collection[Part] = tuple(Part),
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Args:
            checks: of this process, asked while the registry is away.
            replicas: of the service; each lets its share of requests through.
            parts: that somebody looks at; what the registry holds of others is from another time.
            clock: seconds since the epoch.
            monotonic: seconds, of this process.
        """
        self._store = store
        self._checks = checks
        self._parts = frozenset(parts)
        self._clock = clock
        self._rate = SharedRate(replicas=replicas)
        self._known: Learnt[list[Standing]] = Learnt("status", self._read, lasts_s=KEPT_S, clock=monotonic)
        self._unanswered = 0
        self._seen_here: dict[Part, Standing] = {}

    async def read(self) -> StatusReply:
        """What works, since when, and when it was last looked at.

        Raises:
            OverLimitError: too many ask at once.
        """
        wait_s = self._rate.wait_s(REQUESTS)
        if wait_s is not None:
            raise OverLimitError(
                f"status: at most {REQUESTS} requests a second, of everybody together", retry_after_s=wait_s
            )
        known = {standing.part: standing for standing in await asyncio.to_thread(self._known.get) or []}
        # A process that knows nothing yet waits for no second failure.
        if self._unanswered >= (_IN_A_ROW if known else 1):
            known |= await self._look(known)
        else:
            self._seen_here.clear()
        return _reply(known, self._now())

    def _read(self) -> list[Standing]:
        try:
            standings = self._store.read()
        except (BotoCoreError, ClientError):
            self._unanswered += 1
            raise
        self._unanswered = 0
        return [standing for standing in standings if standing.part in self._parts]

    async def _look(self, known: Mapping[Part, Standing]) -> Mapping[Part, Standing]:
        """What this process knows itself: nothing is managed without the registry, and who can log in."""
        checks = await self._checks()
        now = self._now()
        for part, works in ((Part.LOGIN, checks["globus"] is None), (Part.MANAGEMENT, False)):
            before = self._seen_here.get(part) or known.get(part)
            if before is None or before.works != works:
                before = Standing(part=part, works=works, since=now, checked=now)
            self._seen_here[part] = replace(before, checked=now)
        return self._seen_here

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


def open_status(settings: ServiceSettings, checks: Checks) -> FabricStatus:
    """The status of one deployment."""
    # Whoever asks waits for it, and nothing is lost when it is not there.
    config = Config(connect_timeout=1, read_timeout=1, retries={"total_max_attempts": 1})
    store = StatusStore(aws.dynamodb(config), settings.registry_table)
    parts = [part for part in Part if part is not Part.HTTPS or settings.heartbeat_over_https]
    return FabricStatus(store, checks, replicas=settings.service_replicas, parts=parts)


def _reply(known: Mapping[Part, Standing], now: datetime) -> StatusReply:
    parts = [_shown(part, known.get(part), now) for part in Part]
    return StatusReply(
        message=_sentence(parts),
        overall=_overall(parts),
        heartbeat=_newest(known),
        parts=parts,
    )


def _newest(known: Mapping[Part, Standing]) -> datetime | None:
    # What is consumed while nothing can be produced is an old event.
    worked = {part: standing.worked for part, standing in known.items()}
    produced, consumed = worked.get(Part.PRODUCE), worked.get(Part.CONSUME)
    return min(produced, consumed) if produced and consumed else None


def _shown(part: Part, standing: Standing | None, now: datetime) -> PartReply:
    if standing is None:
        return PartReply(part=part, works=None, since=None, checked=None)
    if now - standing.checked > UNSEEN:
        return PartReply(part=part, works=None, since=None, checked=standing.checked)
    return PartReply(part=part, works=standing.works, since=standing.since, checked=standing.checked)


def _overall(parts: Iterable[PartReply]) -> Literal["ok", "degraded", "down"]:
    # A part that nobody ever looked at is none of this installation's.
    works = {each.part: each.works for each in parts if each.checked is not None}
    if works.get(Part.PRODUCE) is False and works.get(Part.CONSUME) is False:
        return "down"
    return "ok" if works and all(works.values()) else "degraded"


def _sentence(parts: Iterable[PartReply]) -> str:
    looked_at = [each for each in parts if each.checked is not None]
    broken = ", ".join(each.part for each in looked_at if each.works is False)
    unknown = ", ".join(each.part for each in looked_at if each.works is None)
    if not looked_at:
        return "Nobody has looked at anything yet"
    found = [f"Does not work: {broken}"] if broken else []
    found += [f"Not looked at for {UNSEEN.seconds // 60} minutes: {unknown}"] if unknown else []
    return ". ".join(found) or "Everything works"

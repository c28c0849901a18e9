"""When each key was last used, written down off the path of requests: all that the judge writes.

With it goes a note that nothing is missing, and since when: that nobody used a key follows from nothing else.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import UTC, datetime

import structlog

from octopus.judge.errors import SourceUnavailableError
from octopus.judge.readings import MOST_HELD
from octopus.judge.store import CredentialsTable, KeyRecord, Use

WRITTEN_EVERY = 300.0
"""Seconds between two writes for one key."""
_AT_ONCE = 4
"""Writes under way together: quick enough for many keys, and threads are left for whoever waits."""

_log = structlog.get_logger(__name__)


class LastUse:
    """Notes uses, and writes them together. All methods belong to one event loop.

    A use that cannot be written is tried again with the next batch; one too many is dropped. No verdict ever
    waits for it or depends on it.
    """

    def __init__(
        self,
        table: CredentialsTable,
        *,
        executor: Executor,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._table = table
        self._executor = executor
        self._clock = clock
        self._monotonic = monotonic
        self._pending: dict[str, Use] = {}
        self._written: dict[str, float] = {}
        self._failing = False
        self._watched = float("-inf")

    def note(self, key: KeyRecord) -> None:
        """This key was used now."""
        access_key_id = key.access_key_id
        if self._monotonic() < self._written.get(access_key_id, float("-inf")) + WRITTEN_EVERY:
            return
        if access_key_id in self._pending or len(self._pending) < MOST_HELD:
            self._pending[access_key_id] = Use(datetime.fromtimestamp(self._clock(), UTC), key.expires)

    async def write(self) -> None:
        """Write down what was noted since."""
        now = self._monotonic()
        self._written = {key: at for key, at in self._written.items() if now < at + WRITTEN_EVERY}
        pending = list(self._pending.items())
        for first in range(0, len(pending), _AT_ONCE):
            some = pending[first : first + _AT_ONCE]
            failures = await asyncio.gather(*(self._write(key, use, now) for key, use in some))
            failure = next(filter(None, failures), None)
            self._report(failure)
            if failure is not None:
                return
        if now >= self._watched + WRITTEN_EVERY:
            failure = await self._write_watch()
            self._report(failure)
            if failure is None:
                self._watched = now

    def _report(self, failure: SourceUnavailableError | None) -> None:
        if failure is not None and not self._failing:
            _log.warning("last_use.not_written", reason=str(failure))
        self._failing = failure is not None

    async def _write_watch(self) -> SourceUnavailableError | None:
        now = datetime.fromtimestamp(self._clock(), UTC)
        try:
            await asyncio.get_running_loop().run_in_executor(self._executor, self._table.write_watch, now)
        except SourceUnavailableError as unavailable:
            return unavailable
        return None

    async def _write(self, access_key_id: str, use: Use, now: float) -> SourceUnavailableError | None:
        run = asyncio.get_running_loop().run_in_executor
        try:
            await run(self._executor, self._table.write_last_use, access_key_id, use)
        except SourceUnavailableError as unavailable:
            return unavailable
        self._written[access_key_id] = now
        del self._pending[access_key_id]
        return None

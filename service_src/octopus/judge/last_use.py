"""When each key was last used, written down off the path of requests: the judge's only write."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import UTC, datetime

import structlog

from octopus.judge.errors import SourceUnavailableError
from octopus.judge.readings import MOST_HELD
from octopus.judge.store import CredentialsTable

WRITTEN_EVERY = 300.0
"""Seconds between two writes for one key."""

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
        self._pending: dict[str, datetime] = {}
        self._written: dict[str, float] = {}
        self._failing = False

    def note(self, access_key_id: str) -> None:
        """This key was used now."""
        if self._monotonic() < self._written.get(access_key_id, float("-inf")) + WRITTEN_EVERY:
            return
        if access_key_id in self._pending or len(self._pending) < MOST_HELD:
            self._pending[access_key_id] = datetime.fromtimestamp(self._clock(), UTC)

    async def write(self) -> None:
        """Write down what was noted since."""
        now = self._monotonic()
        self._written = {key: at for key, at in self._written.items() if now < at + WRITTEN_EVERY}
        run = asyncio.get_running_loop().run_in_executor
        for access_key_id, used in list(self._pending.items()):
            try:
                await run(self._executor, self._table.write_last_use, access_key_id, used)
            except SourceUnavailableError as unavailable:
                if not self._failing:
                    _log.warning("last_use.not_written", reason=str(unavailable))
                self._failing = True
                return
            self._failing = False
            self._written[access_key_id] = now
            del self._pending[access_key_id]

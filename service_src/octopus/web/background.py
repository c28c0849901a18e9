"""Work that no request waits for: jobs in threads of their own, each done by one replica at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Self

import structlog

from octopus.errors import UnavailableError
from octopus.jobs import Job
from octopus.metrics.instruments import Instruments
from octopus.registry.leases import Leases, TurnTakenError
from octopus.web.errors import away

STOP_S = 10.0
"""What a stop waits for jobs under way; whatever they leave half-done is completed after the next start."""

_log = structlog.get_logger(__name__)


class Background:
    """Runs jobs while the block lasts: each at once, and then at its interval.

    None waits for another: one that a dependency keeps for long must not hold up the rights of others.
    """

    def __init__(self, leases: Leases, jobs: Sequence[Job], instruments: Instruments) -> None:
        self._leases = leases
        self._instruments = instruments
        self._stopping = threading.Event()
        # Daemons: a job that hangs in a library must not keep the process from ending.
        self._threads = [
            threading.Thread(target=self._repeat, args=(job,), name=f"background: {job.name}", daemon=True)
            for job in jobs
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        ends = time.monotonic() + STOP_S
        for thread in self._threads:
            thread.join(max(0.0, ends - time.monotonic()))
        if left := [thread.name for thread in self._threads if thread.is_alive()]:
            _log.warning("background.left_running", threads=left)

    def _repeat(self, job: Job) -> None:
        while not self._stopping.is_set():
            self._attempt(job)
            self._stopping.wait(job.every_s)

    def _attempt(self, job: Job) -> None:
        try:
            if not job.due():
                return
            with ExitStack() as turn:
                try:
                    turn.enter_context(self._leases.hold(f"job {job.name}", patience_s=0))
                except TurnTakenError:
                    return  # another replica is at it
                job.run()
        except Exception as error:  # noqa: BLE001 - the thread must outlive whatever a job meets: tried again
            if away(error):
                # Nothing that anybody must look into here.
                self._instruments.count("JobsPostponed")
                _log.warning("job.postponed", job=job.name, reason=_reason(error))
            else:
                self._instruments.count("JobsFailed")
                _log.exception("job.failed", job=job.name)


def _reason(error: Exception) -> str:
    return error.message if isinstance(error, UnavailableError) else type(error).__name__

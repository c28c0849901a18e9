"""Work that no request waits for: one thread, a few jobs, each done by one replica at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import structlog

from octopus.errors import UnavailableError
from octopus.registry.leases import Leases

STOP_S = 10.0
"""What a stop waits for the job under way; whatever it leaves half-done is completed after the next start."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Job:
    """Something to be done again and again.

    Attributes:
        name: of its lease and in the log.
        every_s: seconds from one end to the next beginning.
        run: does it once. It may be cut short anywhere, and another replica may begin it when it takes
            longer than a lease lives: what it changes, it changes under leases of its own.
    """

    name: str
    every_s: float
    run: Callable[[], None]


class Background:
    """Runs jobs in a thread of its own while the block lasts: each at once, and then at its interval."""

    def __init__(self, leases: Leases, jobs: Sequence[Job]) -> None:
        self._leases = leases
        self._jobs = jobs
        self._stopping = threading.Event()
        # A daemon: a job that hangs in a library must not keep the process from ending.
        self._thread = threading.Thread(target=self._work, name="background", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._thread.join(STOP_S)
        if self._thread.is_alive():
            _log.warning("background.left_running")

    def _work(self) -> None:
        due = [time.monotonic()] * len(self._jobs)
        while due and not self._stopping.wait(max(0.0, min(due) - time.monotonic())):
            number = due.index(min(due))
            self._attempt(self._jobs[number])
            due[number] = time.monotonic() + self._jobs[number].every_s

    def _attempt(self, job: Job) -> None:
        with ExitStack() as turn:
            try:
                turn.enter_context(self._leases.hold(f"job {job.name}", patience_s=0))
            except UnavailableError:
                return  # another replica is at it
            except Exception as error:  # noqa: BLE001 - the registry is away, or whatever it is: tried again
                _log.warning("job.not_begun", job=job.name, reason=type(error).__name__)
                return
            try:
                job.run()
            except Exception:  # noqa: BLE001 - the thread must outlive whatever a job meets: tried again
                _log.exception("job.failed", job=job.name)

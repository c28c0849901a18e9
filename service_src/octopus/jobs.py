"""Work that no request waits for, as features describe it; `octopus.web.background` does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Job:
    """Something to be done again and again.

    Attributes:
        name: of its lease and in the log.
        every_s: seconds from one end to the next beginning.
        run: does it once. It may be cut short anywhere, and another replica may begin it when it takes
            longer than a lease lives: what it changes, it changes under leases of its own.
        due: whether there is anything to do, asked before the turn is taken: a read instead of two writes.
    """

    name: str
    every_s: float
    run: Callable[[], object]
    due: Callable[[], bool] = lambda: True

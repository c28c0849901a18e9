"""What every client does: read its task, then do it once for each line that comes, and say how it went."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

Task = Mapping[str, Any]
Round = Callable[[], Mapping[str, float]]
"""Does the task once; returns figures of its own, if any."""


def serve(prepare: Callable[[Task], Round]) -> None:
    """Answer each line of standard input after the first, the task, with one round's figures as JSON.

    ``seconds`` is wall time, ``cpu_seconds`` this process's, all threads included.
    """
    take = prepare(json.loads(sys.stdin.readline()))
    for _ in sys.stdin:
        began, used = time.perf_counter(), time.process_time()
        extra = take()
        figures = {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - used}
        sys.stdout.write(json.dumps({**figures, **extra}) + "\n")
        sys.stdout.flush()

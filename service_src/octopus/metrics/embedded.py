"""Log lines of which CloudWatch makes metrics, where the process runs in AWS.

The format is CloudWatch's embedded metric format, version 0:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import structlog

from octopus.metrics.catalogue import namespace
from octopus.metrics.instruments import BOUNDS_S, Instruments, Reading

EVERY_S = 60.0
"""CloudWatch keeps one point a minute."""
MOST_VALUES = 100
"""Of one metric in one line, by the format."""

_log = structlog.get_logger(__name__)


class EmbeddedMetrics:
    """Makes lines of what happened between one and the next. One thread makes them."""

    def __init__(
        self, instruments: Instruments, *, institution: str, clock: Callable[[], float] = time.time
    ) -> None:
        """
        Args:
            clock: seconds since the epoch.
        """
        self._instruments = instruments
        self._namespace = namespace(institution)
        self._clock = clock
        self._before: dict[str, Reading] = {}

    def say(self, write: Callable[[str], object]) -> None:
        """Write a line of what happened since the last one that was written; none if there is nothing to say.

        A counter is how many more, a gauge what it is now. A histogram is at most a hundred values, each the
        upper bound of its bucket: each that there was, or as many of each bucket as keep the proportions.
        Counters and histograms of what did not happen are left out: their alarms take none for zero, and
        AWS charges for a metric by the hours in which it has a value.

        Args:
            write: takes a line with its end, whole. What it raises comes through, and the next line says the
                same besides.
        """
        readings = list(self._instruments.read())
        line = self._line(readings)
        if line is not None:
            write(f"{line}\n")
        self._before = {reading.metric.name: reading for reading in readings}

    def _line(self, readings: Iterable[Reading]) -> str | None:
        values: dict[str, float | list[float]] = {}
        units: list[dict[str, str]] = []
        for reading in readings:
            said = _since(self._before.get(reading.metric.name), reading)
            if said is not None:
                values[reading.metric.name] = said
                units.append({"Name": reading.metric.name, "Unit": reading.metric.unit})
        if not values:
            return None
        document: dict[str, Any] = {
            "_aws": {
                "Timestamp": int(self._clock() * 1000),
                # Each metric once, over all replicas: whoever looks has no need to know how many there are.
                "CloudWatchMetrics": [{"Namespace": self._namespace, "Dimensions": [[]], "Metrics": units}],
            },
            "process": self._instruments.component,
            "event": "metrics",
            **values,
        }
        return json.dumps(document, separators=(",", ":"))


@contextmanager
def written(
    metrics: EmbeddedMetrics, write: Callable[[str], object], *, every_s: float = EVERY_S
) -> Iterator[None]:
    """Write a line at every interval while the block lasts, and one for the rest at its end.

    A line that cannot be made or written is missed, and the next one says what it would have said.

    Args:
        write: takes a line with its end, whole.
    """
    stopping = threading.Event()

    def write_line() -> None:
        try:
            metrics.say(write)
        except Exception:  # noqa: BLE001 - with this thread all alarms would fall silent
            # The log may be what cannot be written to.
            with suppress(Exception):
                _log.exception("metrics.not_written")

    def repeat() -> None:
        due = time.monotonic() + every_s
        while not stopping.wait(max(0.0, due - time.monotonic())):
            write_line()
            due += every_s

    thread = threading.Thread(target=repeat, name="metrics", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()
        write_line()


def _since(before: Reading | None, now: Reading) -> float | list[float] | None:
    if now.metric.kind == "gauge":
        return now.value
    if now.metric.kind == "counter":
        return now.value - (before.value if before else 0) or None
    counts = now.buckets
    if before is not None:
        counts = tuple(here - then for here, then in zip(now.buckets, before.buckets, strict=True))
    return _drawn(counts) or None


def _drawn(counts: tuple[int, ...]) -> list[float]:
    """Upper bounds of the buckets, each as often as it was met, or in proportion when that is too many."""
    total = sum(counts)
    if total > MOST_VALUES:
        # The largest remainders are rounded up, so that the hundred are full.
        shares = [divmod(count * MOST_VALUES, total) for count in counts]
        left = MOST_VALUES - sum(whole for whole, _ in shares)
        rounded_up = sorted(range(len(shares)), key=lambda place: -shares[place][1])[:left]
        counts = tuple(whole + (place in rounded_up) for place, (whole, _) in enumerate(shares))
    return [bound for bound, count in zip(BOUNDS_S, counts, strict=True) for _ in range(count)]

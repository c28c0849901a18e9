"""What the last round measured, for a Prometheus on the same machine."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from functools import partial

from prometheus_client import CollectorRegistry, Gauge

from octopus.metrics.catalogue import catalogue
from octopus.status.models import UNSEEN


class Figures:
    """The gauges of the heartbeat: of the last round, and no number (NaN) where it measured none.

    Nor where the last round was too long ago: what hangs must not look as if it were well.

    Attributes:
        registry: what Prometheus's library reads.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        """
        Args:
            clock: seconds, of this process.
        """
        self.registry = CollectorRegistry()
        self._clock = clock
        self._shown: tuple[Mapping[str, float], float] = {}, -math.inf
        for metric in catalogue().values():
            if metric.component == "heartbeat":
                gauge = Gauge(metric.prometheus_name, metric.about, registry=self.registry)
                gauge.set_function(partial(self._value, metric.name))

    def show(self, values: Mapping[str, float]) -> None:
        """Show these, by the catalogue's names, and nothing of what was before."""
        self._shown = dict(values), self._clock() + UNSEEN.total_seconds()

    def _value(self, name: str) -> float:
        values, until = self._shown
        return values.get(name, math.nan) if self._clock() <= until else math.nan

"""What the last round measured, for a Prometheus on the same machine."""

from __future__ import annotations

import math
from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Gauge

from octopus.metrics.catalogue import catalogue


class Figures:
    """The gauges of the heartbeat: of the last round, and no number (NaN) where it measured none.

    Attributes:
        registry: what Prometheus's library reads.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._gauges = {
            metric.name: Gauge(metric.prometheus_name, metric.about, registry=self.registry)
            for metric in catalogue().values()
            if metric.component == "heartbeat"
        }
        self.show({})

    def show(self, values: Mapping[str, float]) -> None:
        """Show these, by the catalogue's names, and nothing of what was before."""
        for name, gauge in self._gauges.items():
            gauge.set(values.get(name, math.nan))

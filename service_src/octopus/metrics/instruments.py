"""What one process counts and times, by the names of the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from octopus.metrics.catalogue import Metric, catalogue

BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
"""Upper bounds of a histogram's buckets, of which a value is in one. What is beyond the last counts
as in it: the gateway in front gives up at 29 s."""

# Of each counter and histogram, when it was made: a sample each that says what a scrape of the process does.
prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Reading:
    """What one metric says now."""

    metric: Metric
    value: float
    """Of a counter since the process began, of a gauge now; of a histogram, the number of things timed."""
    buckets: tuple[int, ...] = ()
    """Of a histogram: how many of them fell into each bucket, in the order of `BOUNDS_S`."""


class Instruments:
    """The observed metrics of one component; any thread may use them.

    They have no labels: none of them can carry a name of a user or of a topic.
    """

    registry: CollectorRegistry
    """What Prometheus's library reads; its own, not that of the process."""

    def __init__(self, component: str) -> None:
        """All at zero, as the catalogue lists them."""
        self.component = component
        self.registry = CollectorRegistry()
        self._metrics = {
            metric.name: metric
            for metric in catalogue().values()
            if metric.component == component and metric.through == "observed"
        }
        self._counters = {
            name: Counter(metric.prometheus_name, metric.about, registry=self.registry)
            for name, metric in self._of_kind("counter")
        }
        self._gauges = {
            name: Gauge(metric.prometheus_name, metric.about, registry=self.registry)
            for name, metric in self._of_kind("gauge")
        }
        self._histograms = {
            name: Histogram(metric.prometheus_name, metric.about, registry=self.registry, buckets=BOUNDS_S)
            for name, metric in self._of_kind("histogram")
        }

    def count(self, name: str, times: int = 1) -> None:
        """It happened.

        Raises:
            KeyError: the component has no such counter.
        """
        self._counters[name].inc(times)

    def time(self, name: str, seconds: float) -> None:
        """It took so long.

        Raises:
            KeyError: the component has no such histogram.
        """
        self._histograms[name].observe(seconds)

    def follow(self, name: str, value: Callable[[], float]) -> None:
        """A gauge shows what ``value`` gives whenever it is read, in the thread of whoever reads it.

        Raises:
            KeyError: the component has no such gauge.
        """
        self._gauges[name].set_function(value)

    def read(self) -> Iterator[Reading]:
        """What each metric says, in the order of the catalogue."""
        for name, metric in self._metrics.items():
            if name in self._counters:
                yield Reading(metric, _samples(self._counters[name])["_total"])
            elif name in self._gauges:
                yield Reading(metric, _samples(self._gauges[name])[""])
            else:
                yield _timed(metric, self._histograms[name])

    def _of_kind(self, kind: str) -> Iterator[tuple[str, Metric]]:
        return ((name, metric) for name, metric in self._metrics.items() if metric.kind == kind)


def _timed(metric: Metric, histogram: Histogram) -> Reading:
    (family,) = histogram.collect()
    up_to = [int(sample.value) for sample in family.samples if sample.name.endswith("_bucket")]
    counts = [here - before for here, before in zip(up_to, [0, *up_to], strict=False)]
    *within, beyond = counts
    within[-1] += beyond
    return Reading(metric, up_to[-1], tuple(within))


def _samples(instrument: Counter | Gauge) -> Mapping[str, float]:
    """Values by what stands behind the metric's name."""
    (family,) = instrument.collect()
    return {sample.name.removeprefix(family.name): sample.value for sample in family.samples}

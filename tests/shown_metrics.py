"""What instruments say, as a test reads it: from themselves, and from a port's text."""

from __future__ import annotations

from collections.abc import Mapping

import httpx
from prometheus_client.parser import text_string_to_metric_families

from octopus.metrics.catalogue import catalogue
from octopus.metrics.instruments import Instruments


def values(instruments: Instruments) -> dict[str, float]:
    """Each metric by its name in the catalogue; of a histogram, how many things were timed."""
    return {reading.metric.name: reading.value for reading in instruments.read()}


def scraped(port: int) -> Mapping[str, float]:
    """The same from a process on this machine."""
    reply = httpx.get(f"http://127.0.0.1:{port}/metrics").raise_for_status()
    names = {metric.prometheus_name: name for name, metric in catalogue().items()}
    found = {}
    for family in text_string_to_metric_families(reply.text):
        if family.type == "unknown":
            raise AssertionError(f"a line without a type: {family.name}")
        (value,) = (
            sample.value
            for sample in family.samples
            if sample.name in (family.name, f"{family.name}_total", f"{family.name}_count")
        )
        found[names[family.name]] = value
    return found

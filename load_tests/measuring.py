"""Takes the rounds of a scenario: measured, control, measured, control, ..."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from load_tests.comparison import Compared, Figures, compare
from load_tests.legs import Leg, Scenario
from load_tests.processor import cpu_seconds
from load_tests.worker import Worker

_FEWEST_PAIRS = 3


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """What a scenario gave."""

    scenario: Scenario
    compared: dict[str, Compared]
    measured: list[Figures]
    """Round by round."""
    control: list[Figures]


def measure(scenario: Scenario, *, pids: Mapping[str, int], run: Mapping[str, Any]) -> Measurement:
    """Run both legs in turn, in processes of their own that live as long as the scenario.

    Args:
        pids: process ids of the fabric, by name.
        run: the table ``run`` of ``scenarios.toml``, or the scenario's own.

    Raises:
        BenchmarkError: a client failed.
    """
    servers = {name: pids[name] for name in scenario.servers}
    measured: list[Figures] = []
    control: list[Figures] = []
    legs = scenario.measured, scenario.control
    with Worker(legs[0].client, legs[0].task) as ours, Worker(legs[1].client, legs[1].task) as theirs:
        for _ in range(run["warm_rounds"]):
            ours.round()
            theirs.round()
        ends = time.monotonic() + run["seconds"]
        while len(measured) < run["rounds"] and (len(measured) < _FEWEST_PAIRS or time.monotonic() < ends):
            measured.append(_round(scenario, legs[0], ours, servers))
            control.append(_round(scenario, legs[1], theirs, servers))
    return Measurement(
        scenario=scenario, compared=compare(measured, control), measured=measured, control=control
    )


def _round(scenario: Scenario, leg: Leg, worker: Worker, servers: Mapping[str, int]) -> Figures:
    before = cpu_seconds(servers)
    taken = worker.round()
    used = {name: now - before[name] for name, now in cpu_seconds(servers).items()}
    count = leg.task["count"]
    seconds, used["client"] = taken.pop("seconds"), taken.pop("cpu_seconds")
    rates = {f"{scenario.unit}/s": count / seconds}
    if size := leg.task.get("record_bytes"):
        rates["MB/s"] = count * size / seconds / 1e6
    millions = count / 1e6
    return {
        **rates,
        **taken,
        "CPU-s/M": sum(used.values()) / millions,
        **{f"CPU-s/M {name}": seconds / millions for name, seconds in used.items()},
    }

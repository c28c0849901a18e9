"""What a run leaves behind: every round as JSON, and a short table."""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import confluent_kafka
import psutil

from load_tests.comparison import Ratio, Threshold, confidence_of_range
from load_tests.measuring import Measurement

_RESULTS = Path(__file__).parent / "results"
_HEADING = """\
# Benchmarks, {date}

Ratios of measured to control: median over pairs of neighbouring rounds, and the range of the pairs. The
medians beside them are one shared machine's on one day: only ratios compare. CPU-s/M: CPU-seconds for a
million events, connections or requests, of all processes that take part and of each.
"""


def table(name: str, measurement: Measurement, expected: Mapping[str, Mapping[str, float]]) -> str:
    """One scenario as a Markdown table under its heading."""
    scenario = measurement.scenario
    lines = [
        f"## {scenario.title} (`{name}`)",
        "",
        f"| | {scenario.measured.name} | {scenario.control.name} | ratio | range | expected |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for figure, compared in measurement.compared.items():
        medians = f"| {figure} | {_plain(compared.measured)} | {_plain(compared.control)} "
        lines.append(medians + _compared(compared.ratio, expected.get(figure)))
    pairs = len(measurement.measured)
    confidence = confidence_of_range(pairs)
    lines += ["", f"{pairs} pairs: the range holds the true median with probability {confidence:.0%}.", ""]
    return "\n".join(lines)


def write(measurements: Mapping[str, Measurement], numbers: Mapping[str, Any]) -> Path:
    """Write ``<date>.json`` with every round, and ``latest.md``; returns the table's path."""
    now = datetime.datetime.now(datetime.UTC)
    _RESULTS.mkdir(exist_ok=True)
    document = {
        "taken": now.isoformat(timespec="seconds"),
        "machine": {
            "cores": os.cpu_count(),
            "memory_gib": round(psutil.virtual_memory().total / 2**30),
            "load_average": [round(load, 2) for load in os.getloadavg()],
            "python": platform.python_version(),
            "librdkafka": confluent_kafka.libversion()[0],
        },
        "numbers": numbers,
        "scenarios": {name: _document(measurement) for name, measurement in measurements.items()},
    }
    (_RESULTS / f"{now:%Y-%m-%d}.json").write_text(json.dumps(document) + "\n")
    tables = [table(name, each, numbers[name]["expected"]) for name, each in measurements.items()]
    latest = _RESULTS / "latest.md"
    latest.write_text("\n".join([_HEADING.format(date=f"{now:%Y-%m-%d}"), *tables]))
    return latest


def _document(measurement: Measurement) -> dict[str, Any]:
    scenario = measurement.scenario
    return {
        "title": scenario.title,
        "legs": {"measured": scenario.measured.name, "control": scenario.control.name},
        "ratios": {
            name: _rounded(dataclasses.asdict(each.ratio))
            for name, each in measurement.compared.items()
            if each.ratio is not None
        },
        "measured": [_rounded(figures) for figures in measurement.measured],
        "control": [_rounded(figures) for figures in measurement.control],
    }


def _rounded(figures: Mapping[str, float]) -> dict[str, float]:
    return {name: float(f"{value:.4g}") for name, value in figures.items()}


def _compared(ratio: Ratio | None, bounds: Mapping[str, float] | None) -> str:
    if ratio is None:
        return "| | | |"
    verdict = ""
    if bounds is not None:
        words = " and ".join(f"{name.replace('_', ' ')} {bound}" for name, bound in bounds.items())
        verdict = f"{words}: {'yes' if Threshold(**bounds).met(ratio.median) else '**no**'}"
    return f"| **{ratio.median:.2f}** | {ratio.low:.2f} to {ratio.high:.2f} | {verdict} |"


def _plain(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"

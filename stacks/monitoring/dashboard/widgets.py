"""What stands on a dashboard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from stacks.monitoring.rules import BY_ID
from stacks.monitoring.series import Installed, Series, Source

WIDTH = 24
"""Of a dashboard, in CloudWatch's units."""
MOST_ALARMS = 100
"""In one widget. Source: Amazon CloudWatch API Reference, "Dashboard body structure and syntax"."""
DAY_S = 86_400
_DAYS_SHOWN = 30


@dataclass(frozen=True, kw_only=True)
class Widget:
    """One of them, not yet in its place."""

    kind: Literal["alarm", "metric", "text"]
    properties: Mapping[str, Any]
    width: int
    height: int


@dataclass(frozen=True)
class Line:
    """One or more lines of a graph: of each part of a source."""

    of: Source
    statistic: str
    label: str = ""
    """Without one, the metric's own name; of several, the last dimension's value comes behind it."""
    right: bool = False
    """Whether it is measured on the axis on the right."""


def text(words: str, *, width: int, height: int) -> Widget:
    """Return words, in Markdown."""
    return Widget(kind="text", properties={"markdown": words}, width=width, height=height)


def alarm_states(title: str, arns: Sequence[str], *, height: int) -> Widget:
    """Return how alarms stand."""
    return Widget(kind="alarm", properties={"title": title, "alarms": list(arns)}, width=WIDTH, height=height)


def graph(
    installed: Installed,
    title: str,
    *lines: Line,
    rule: str = "",
    most: float | None = None,
    period_s: int = 300,
    width: int = 8,
) -> Widget:
    """Return a graph.

    Args:
        rule: whose limit is drawn across it.
        most: where its axis ends; by what there is to see, without one.
        period_s: of one point. Points of a day are drawn for a month, whatever the dashboard shows.
    """
    metrics: list[list[Any]] = []
    for line in lines:
        parts = line.of(installed)
        for number, part in enumerate(parts, start=1):
            metrics += _drawn(line, part, f"e{len(metrics)}_{number}", several=len(parts) > 1)
    properties: dict[str, Any] = {
        "title": title,
        "view": "timeSeries",
        "region": installed.settings.region,
        "period": period_s,
        "metrics": metrics,
        "yAxis": {"left": {"min": 0, **({"max": most} if most is not None else {})}, "right": {"min": 0}},
    }
    if period_s >= DAY_S:
        properties["start"] = f"-P{_DAYS_SHOWN}D"
    if rule:
        limit = BY_ID[rule].limit_for(installed.settings)
        properties["annotations"] = {"horizontal": [{"label": rule, "value": limit}]}
    return Widget(kind="metric", properties=properties, width=width, height=6)


def search(
    installed: Installed, title: str, expression: str, *, period_s: int = 300, width: int = 8
) -> Widget:
    """Return a graph of whatever series a search finds when it is looked at.

    Args:
        expression: Source: Amazon CloudWatch User Guide, "Metric search expression syntax".
    """
    properties = {
        "title": title,
        "view": "timeSeries",
        "region": installed.settings.region,
        "period": period_s,
        "metrics": [[{"expression": expression, "id": "found"}]],
        "yAxis": {"left": {"min": 0}},
    }
    return Widget(kind="metric", properties=properties, width=width, height=6)


def _drawn(line: Line, part: Sequence[Series], id_: str, *, several: bool) -> list[list[Any]]:
    label = line.label or part[0].name
    if several:
        label = f"{label} {_whose(part[0])}"
    shown = {"label": label, **({"yAxis": "right"} if line.right else {})}
    if len(part) == 1:
        return [[*_named(part[0]), {"stat": line.statistic, **shown}]]
    ids = [f"{id_}m{number}" for number in range(1, len(part) + 1)]
    hidden = [
        [*_named(series), {"stat": line.statistic, "id": each, "visible": False}]
        for each, series in zip(ids, part, strict=True)
    ]
    return [*hidden, [{"expression": " + ".join(ids), "id": id_, **shown}]]


def _named(series: Series) -> list[str]:
    return [series.namespace, series.name, *(word for each in series.dimensions.items() for word in each)]


def _whose(series: Series) -> str:
    """Return which of several a series is of."""
    return series.dimensions.get("Broker ID") or list(series.dimensions.values())[-1]

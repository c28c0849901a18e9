"""The tables of ``docs/metrics.md``: ``python -m octopus.metrics.table`` prints them."""

from __future__ import annotations

import sys
from itertools import groupby

from octopus.metrics.catalogue import Metric, catalogue

COMPONENTS = {
    "service": "The web service",
    "account": "The AWS account, by the web service",
    "heartbeat": "The heartbeat",
    "authorizer": "The gateway's authorizer",
    "judge": "The judge",
    "broker": "The broker plugin",
}
"""Headings, by component."""
WITHOUT_PORT = ("account", "authorizer")
"""Components that show nothing to Prometheus: the one is in CloudWatch alone, the other is a function."""


def render() -> str:
    """A table for each component, in the order of the catalogue, as Markdown."""
    by_component = groupby(catalogue().values(), key=lambda metric: metric.component)
    return "\n".join(_table(component, list(metrics)) for component, metrics in by_component)


def in_prometheus(metric: Metric) -> str | None:
    """The name that a query has to give; None for what no port shows. Of a histogram, without ``_bucket``."""
    if metric.component in WITHOUT_PORT:
        return None
    return f"{metric.prometheus_name}{'_total' if metric.kind == 'counter' else ''}"


def _table(component: str, metrics: list[Metric]) -> str:
    lines = [
        f"### {COMPONENTS[component]}",
        "",
        "| in CloudWatch | unit | kind | in Prometheus | what it is |",
        "|---|---|---|---|---|",
    ]
    for metric in metrics:
        name = in_prometheus(metric)
        shown = f"`{name}`" if name else "none"
        unit = "none" if metric.unit == "None" else metric.unit
        lines.append(f"| `{metric.name}` | {unit} | {metric.kind} | {shown} | {metric.about} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(render())

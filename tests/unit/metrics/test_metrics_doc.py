"""What ``docs/metrics.md`` says of metrics, ports and alerts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from octopus.fabric.settings import FabricSettings
from octopus.heartbeat.figures import Figures
from octopus.metrics import table
from octopus.metrics.catalogue import catalogue
from octopus.metrics.instruments import Instruments

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "metrics.md").read_text()
ALERTS = dict(re.findall(r"^ +- alert: (\S+)\n +expr: (.+)$", PAGE, re.MULTILINE))
WITHOUT_RUNBOOK = {"service-slow", "judge-slow", "judge-sources-away", "broker-without-judge", "audit-lost"}


def test_tables_are_those_of_the_catalogue() -> None:
    assert table.render() in PAGE


@pytest.mark.parametrize(
    ("component", "registry"),
    [
        ("service", Instruments("service").registry),
        ("judge", Instruments("judge").registry),
        ("heartbeat", Figures().registry),
    ],
)
def test_names_of_the_tables_are_those_that_a_port_shows(component: str, registry: CollectorRegistry) -> None:
    text = generate_latest(registry).decode()
    shown = re.findall(r"^# TYPE (\S+) ", text, re.MULTILINE)

    listed = [metric for metric in catalogue().values() if metric.component == component]
    assert sorted(shown) == sorted(str(table.in_prometheus(metric)) for metric in listed)


def test_alerts_ask_for_metrics_that_there_are() -> None:
    names = set()
    for metric in catalogue().values():
        name = table.in_prometheus(metric)
        names.add(f"{name}_bucket" if metric.kind == "histogram" else name)

    assert ALERTS
    for alert, asked in ALERTS.items():
        found = re.findall(r"octopus_\w+", asked)
        assert found, alert
        assert set(found) <= names, alert


def test_alerts_have_the_names_of_the_runbooks_sections() -> None:
    sections = set(re.findall(r"^### (\S+)$", (DOCS / "runbooks.md").read_text(), re.MULTILINE))

    assert ALERTS.keys() - sections == WITHOUT_RUNBOOK
    last = list(ALERTS)[: -len(WITHOUT_RUNBOOK)][-1]
    assert f"Those down to `{last}` have a section" in PAGE


def test_ports_are_those_of_one_machine() -> None:
    default = {name: field.default for name, field in FabricSettings.model_fields.items()}
    rows = dict(re.findall(r"^\| ([^|]+) \| ([\d, ;]+) \|$", PAGE, re.MULTILINE))

    first = default["broker_metrics_port"]
    assert rows == {
        "web service": str(default["service_metrics_port"]),
        "judge": str(default["judge_metrics_port"]),
        "heartbeat": str(default["heartbeat_metrics_port"]),
        "broker; the second and third of three": f"{first}; {first + 10}, {first + 20}",
    }
    targets = re.findall(r'"127\.0\.0\.1:(\d+)"', PAGE)
    assert targets == [row.partition(";")[0] for row in rows.values()]

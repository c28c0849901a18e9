"""The plugin's metrics are those of the catalogue."""

from __future__ import annotations

from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from octopus.metrics.catalogue import catalogue

TEXT = (
    Path(__file__).parents[3] / "service_src" / "broker" / "src" / "test" / "resources" / "metrics.txt"
).read_text()


def test_plugin_serves_the_catalogues_metrics_by_their_names_kinds_and_words() -> None:
    """The plugin's own tests hold it to the same file."""
    served = {
        family.name: (family.type, family.documentation) for family in text_string_to_metric_families(TEXT)
    }
    assert served == {
        metric.prometheus_name: (metric.kind, metric.about)
        for metric in catalogue().values()
        if metric.component == "broker"
    }


def test_counters_end_as_prometheus_wants_them_to() -> None:
    samples = [line.split()[0] for line in TEXT.splitlines() if not line.startswith("#")]
    assert {name for name in samples if name.endswith("_total")} == {
        f"{metric.prometheus_name}_total"
        for metric in catalogue().values()
        if metric.component == "broker" and metric.kind == "counter"
    }

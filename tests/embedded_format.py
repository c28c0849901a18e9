"""Lines of CloudWatch's embedded metric format, as CloudWatch takes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cfnlint.jsonschema import StandardValidator

_SCHEMA = Path(__file__).parent / "unit/metrics/embedded_metric_format.json"
"""That of AWS's specification, with the limits of its text: a hundred metrics, a hundred values, no unit that
is not ours."""


def metrics_of(line: str, *, namespace: str) -> dict[str, float | list[float]]:
    """The metrics of one log line by name; it must be in the format, in one namespace, without dimensions.

    Args:
        line: whole: nothing may stand before the document or behind it.
    """
    document: dict[str, Any] = json.loads(line)
    faults = [
        str(fault) for fault in StandardValidator(json.loads(_SCHEMA.read_text())).iter_errors(document)
    ]
    assert not faults, faults
    (directive,) = document["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == namespace
    assert directive["Dimensions"] == [[]]
    return {metric["Name"]: document[metric["Name"]] for metric in directive["Metrics"]}

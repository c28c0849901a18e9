"""The dashboard, read from top to bottom: is it up, full, is anyone behind or refused, what does it cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stacks.monitoring.dashboard import behind, costs, full, refused, up
from stacks.monitoring.dashboard.widgets import WIDTH, Widget, text
from stacks.monitoring.series import Installed

SECTIONS = (up, full, behind, refused, costs)
"""Each asks its question and has widgets that answer it."""
_TITLE_HEIGHT = 1


def body(installed: Installed, alarms: Sequence[str]) -> Mapping[str, Any]:
    """Return the dashboard of what was installed, as CloudWatch takes it in JSON.

    Args:
        alarms: ARNs, shown first.

    Source: Amazon CloudWatch API Reference, "Dashboard body structure and syntax".
    """
    placed: list[Mapping[str, Any]] = []
    y = 0
    for section in SECTIONS:
        widgets = [text(f"## {section.QUESTION}", width=WIDTH, height=_TITLE_HEIGHT)]
        widgets += section.widgets(installed, alarms) if section is up else section.widgets(installed)
        y = _place(widgets, y, placed)
    return {"start": "-PT12H", "periodOverride": "inherit", "widgets": placed}


def _place(widgets: Sequence[Widget], y: int, placed: list[Mapping[str, Any]]) -> int:
    """Put widgets beside each other from ``y`` on, and in rows; return where the last row ends."""
    x = height = 0
    for widget in widgets:
        if x + widget.width > WIDTH:
            x, y, height = 0, y + height, 0
        placed.append(
            {
                "type": widget.kind,
                "x": x,
                "y": y,
                "width": widget.width,
                "height": widget.height,
                "properties": widget.properties,
            }
        )
        x, height = x + widget.width, max(height, widget.height)
    return y + height

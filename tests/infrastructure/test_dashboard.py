"""The dashboard: its questions in order, its widgets beside each other, all within CloudWatch's bounds."""

from __future__ import annotations

from typing import Any

import pytest

from stacks.monitoring import dashboard
from stacks.monitoring.dashboard.widgets import WIDTH
from stacks.monitoring.series import Installed
from stacks.settings import Settings
from tests.infrastructure import watched
from tests.infrastructure.synthesis import FILES, Made


@pytest.fixture(params=FILES)
def made(request: pytest.FixtureRequest, institutions: list[Made]) -> Made:
    """Each institution's in turn."""
    return next(each for each in institutions if each.name == request.param)


def test_dashboard_asks_its_questions_from_top_to_bottom(made: Made) -> None:
    body = watched.dashboard(made)
    asked = [
        widget["properties"]["markdown"].removeprefix("## ")
        for widget in body["widgets"]
        if widget["type"] == "text" and widget["properties"]["markdown"].startswith("## ")
    ]
    assert asked == [
        "Is it up?",
        "Is it full?",
        "Is anyone behind?",
        "Is anyone refused?",
        "What does it cost?",
    ]
    titles = [each["y"] for each in body["widgets"]]
    assert titles == sorted(titles)
    (states,) = (widget for widget in body["widgets"] if widget["type"] == "alarm")
    assert len(states["properties"]["alarms"]) == len(watched.alarms(made)) <= 100


def test_widgets_lie_beside_each_other_within_cloudwatchs_bounds(made: Made) -> None:
    """Source: Amazon CloudWatch API Reference, "Dashboard body structure and syntax"; its quotas."""
    taken: set[tuple[int, int]] = set()
    shown = 0
    for widget in watched.dashboard(made)["widgets"]:
        across = range(widget["x"], widget["x"] + widget["width"])
        down = range(widget["y"], widget["y"] + widget["height"])
        squares = {(x, y) for x in across for y in down}
        assert across.stop <= WIDTH
        assert not squares & taken
        taken |= squares
        metrics = widget["properties"].get("metrics", [])
        assert len(metrics) <= 500
        shown += len(metrics)
        ids = [words[-1]["id"] for words in metrics if "id" in words[-1]]
        assert len(ids) == len(set(ids))
    assert shown <= 2500


def test_dashboard_keeps_a_place_for_what_is_not_here_yet(made: Made) -> None:
    words = [
        widget["properties"]["markdown"]
        for widget in watched.dashboard(made)["widgets"]
        if widget["type"] == "text"
    ]
    assert any("Triggers and the archive worker are not in this release" in each for each in words)


def test_most_brokers_fit_on_a_dashboard() -> None:
    variables: dict[str, Any] = {"institution": "anl", "preset": "facility", "broker_count": 60}
    installed = Installed(settings=Settings.from_context(variables), nat_gateways=("a", "b", "c"))
    widgets = dashboard.body(installed, [])["widgets"]
    counts = [len(widget["properties"].get("metrics", [])) for widget in widgets]
    assert max(counts) <= 500
    assert sum(counts) <= 2500

"""The dashboard: its questions in order, its widgets beside each other, all within CloudWatch's bounds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sns as sns

from stacks.constructs.rule_alarms import RuleAlarms
from stacks.monitoring import dashboard, rules
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
    shown = [
        arn
        for widget in body["widgets"]
        if widget["type"] == "alarm"
        for arn in widget["properties"]["alarms"]
    ]
    assert len(set(shown)) == len(shown) == len(watched.alarms(made))


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


def test_points_of_a_day_are_drawn_for_a_month(made: Made) -> None:
    """In the twelve hours that the dashboard shows there is one such point, or none."""
    days = [
        widget["properties"]
        for widget in watched.dashboard(made)["widgets"]
        if widget["properties"].get("period", 0) * 10 > 12 * 3600
    ]
    assert {"Days", "Requests and calls, a day"} <= {each["title"] for each in days}
    assert {each.get("start") for each in days} == {"-P30D"}


def test_lag_is_of_those_that_are_furthest_behind(institutions: list[Made]) -> None:
    made = next(each for each in institutions if each.name == "three-zone-express")
    searched = [
        words["expression"]
        for widget in watched.dashboard(made)["widgets"]
        for (*_, words) in widget["properties"].get("metrics", [])
        if "Consumer Group" in words.get("expression", "")
    ]
    assert len(searched) == 2
    for expression in searched:
        assert expression.startswith("SORT(SEARCH(")
        assert expression.endswith(", MAX, DESC, 100)")


def test_most_brokers_fit_on_a_dashboard_and_into_a_template(tmp_path: Path) -> None:
    """Of the kind with the most metrics.

    Source: Amazon CloudWatch API Reference, "Dashboard body structure and syntax"; quotas of CloudFormation.
    """
    variables: dict[str, Any] = {"institution": "anl", "preset": "lab", "broker_count": 60}
    settings = Settings.from_context(variables)
    installed = Installed(settings=settings, nat_gateways=("a", "b", "c"))
    app = cdk.App(outdir=str(tmp_path))
    stack = cdk.Stack(app, "monitoring")
    alarms = RuleAlarms(
        stack,
        "Alarms",
        installed=installed,
        rules=rules.alarms_of(settings),
        topic=sns.Topic(stack, "Topic"),
        runbooks="docs/runbooks.md",
    )
    body = dashboard.body(installed, alarms.arns)
    text = stack.to_json_string(body)
    cloudwatch.CfnDashboard(stack, "Dashboard", dashboard_body=text)

    states = [len(each["properties"]["alarms"]) for each in body["widgets"] if each["type"] == "alarm"]
    assert sum(states) == len(alarms.arns)
    assert len(alarms.arns) > 100
    assert max(states) <= 100
    counts = [len(widget["properties"].get("metrics", [])) for widget in body["widgets"]]
    assert max(counts) <= 500
    assert sum(counts) <= 2500
    assert Path(app.synth().stacks[0].template_full_path).stat().st_size < 900_000

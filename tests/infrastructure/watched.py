"""What the monitoring stack of an institution looks at, read from its template."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stacks.settings import Settings
from tests.infrastructure.synthesis import Made

EMITTED: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "aws_metrics.toml").read_text())[
    "emitted"
]
"""What AWS writes by itself."""

_NAMES = ("BucketName", "ClusterName", "FunctionName", "Name", "TableName")
_SEARCH = re.compile(r"""SEARCH\('\{(?P<schema>[^}]+)\} MetricName="(?P<name>[^"]+)" (?P<terms>[^']*)',""")


@dataclass(frozen=True)
class Watched:
    """One metric that somebody looks at, or what a search looks for."""

    by: str
    """Name of the alarm, or title of the widget."""
    namespace: str
    name: str
    dimensions: Mapping[str, str]
    """The name of a thing of the stacks as ``<stack>/<logical id>``; what a search leaves open as ``*``."""


def alarms(made: Made) -> dict[str, dict[str, Any]]:
    """Return the properties of each alarm, by what follows the institution in its name."""
    return {
        resource["Properties"]["AlarmName"].removeprefix(made.settings.named("")): resource["Properties"]
        for resource in made.templates["monitoring"]["Resources"].values()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    }


def of_alarm(made: Made, name: str, alarm: Mapping[str, Any]) -> list[Watched]:
    """Return what an alarm stands on."""
    found = [
        query["MetricStat"]["Metric"] for query in alarm.get("Metrics", []) if "MetricStat" in query
    ] or [alarm]
    return [
        Watched(
            name,
            each["Namespace"],
            each["MetricName"],
            {pair["Name"]: text(made, pair["Value"]) for pair in each.get("Dimensions", [])},
        )
        for each in found
    ]


def dashboard(made: Made) -> dict[str, Any]:
    """Return the dashboard's body, names of other stacks' things as ``<stack>/<logical id>``."""
    (resource,) = (
        each
        for each in made.templates["monitoring"]["Resources"].values()
        if each["Type"] == "AWS::CloudWatch::Dashboard"
    )
    body: dict[str, Any] = json.loads(text(made, resource["Properties"]["DashboardBody"]))
    return body


def of_dashboard(body: Mapping[str, Any]) -> Iterator[Watched]:
    """Yield what the graphs of a dashboard show."""
    for widget in body["widgets"]:
        for words in widget["properties"].get("metrics", []):
            *series, options = words
            title = widget["properties"]["title"]
            if series:
                namespace, name, *pairs = series
                yield Watched(title, namespace, name, dict(zip(pairs[::2], pairs[1::2], strict=True)))
            elif "SEARCH(" in options["expression"]:
                yield _searched(title, options["expression"])


def everything(made: Made) -> list[Watched]:
    """Return what alarms and dashboard look at."""
    by_alarms = [each for name, alarm in alarms(made).items() for each in of_alarm(made, name, alarm)]
    return [*by_alarms, *of_dashboard(dashboard(made))]


def emitted_by_aws(watched: Watched, settings: Settings) -> list[dict[str, Any]]:
    """Return the entries by which AWS writes this metric for such an installation."""
    return [
        each
        for each in EMITTED
        if each["namespace"] == watched.namespace
        and watched.name in each["names"]
        and sorted(each["dimensions"]) == sorted(watched.dimensions)
        and settings.kafka in each.get("kinds", [settings.kafka])
        and each.get("level", "default") in ("default", settings.kafka_monitoring)
        and (not each.get("burstable") or settings.broker_type.startswith("kafka.t3."))
    ]


def types_named(made: Made, watched: Watched) -> set[str]:
    """Return the types of the resources whose names stand in the dimensions."""
    found = set()
    for stack, template in made.templates.items():
        for logical_id, resource in template["Resources"].items():
            properties = resource.get("Properties", {})
            names = {f"{stack}/{logical_id}", *(str(properties.get(name)) for name in _NAMES)}
            if names & set(watched.dimensions.values()):
                found.add(resource["Type"])
    return found


def _searched(title: str, expression: str) -> Watched:
    match = _SEARCH.search(expression)
    assert match, expression
    namespace, *dimensions = [word.strip('"') for word in match["schema"].split(",")]
    given = dict(re.findall(r'"([^"]+)"="([^"]+)"', match["terms"]))
    return Watched(title, namespace, match["name"], {name: given.get(name, "*") for name in dimensions})


def text(made: Made, value: Any) -> str:
    """Return a template's text, with the name of whatever it refers to put in."""
    if isinstance(value, str):
        return value
    ((function, argument),) = value.items()
    if function == "Fn::Join":
        return "".join(text(made, part) for part in argument[1])
    if function == "Fn::GetStackOutput":
        stack = argument["StackName"].removeprefix(made.settings.named(""))
        given = made.templates[stack]["Outputs"][argument["OutputName"]]["Value"]
        referred = given.get("Ref") or given["Fn::GetAtt"][0]
        return f"{stack}/{referred}"
    if function == "Ref":
        return f"<{argument}>"
    if function == "Fn::GetAtt":
        return f"monitoring/{argument[0]}"
    raise KeyError(function)

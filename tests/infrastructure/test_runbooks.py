"""``docs/runbooks.md`` and the alarms: a section for each, and commands that are there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from botocore import xform_name
from botocore.session import get_session

from octopus.metrics.catalogue import catalogue
from stacks.monitoring.rules import IDS
from tests.documented_commands import faults
from tests.infrastructure import watched
from tests.infrastructure.synthesis import ROOT, Made

PAGE = (ROOT / "docs" / "runbooks.md").read_text()
BY_HAND = ("budget",)
"""Sections of what tells and is no rule."""
OF_MACHINES = ("broker", "judge")
"""Components whose metrics are Prometheus' alone."""
TOOLS = {("logs", "tail"), ("s3", "ls")}
"""What AWS's command line does by more than one call."""


def sections() -> list[str]:
    """Return the headings that alarms link to."""
    return re.findall(r"^### (.+)$", PAGE, re.M)


def code() -> str:
    """Return what of the page is code, with commands that are continued made one line."""
    spans = re.findall(r"(?<!`)`([^`]+)`(?!`)", PAGE)
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE, re.M | re.S)
    indented = re.findall(r"^ {7,}(\S.*)$", PAGE, re.M)
    return "\n".join([*spans, *blocks, *indented]).replace("\\\n", " ")


def test_every_rule_has_its_section_and_every_section_its_rule() -> None:
    assert sections() == [*IDS, *BY_HAND]


def test_every_section_says_what_it_means_and_what_to_do() -> None:
    for section in re.split(r"^### ", PAGE, flags=re.M)[1:]:
        id_, _, text = section.partition("\n")
        means, _, steps = text.strip().partition("\n\n")
        assert means.split("\n")[0][0] != "1", id_
        assert re.search(r"^1\. |\]\(#|aws |octopus ", steps + means, re.M), id_


def alarms(made: Made) -> Iterator[dict[str, Any]]:
    """Yield the properties of an installation's alarms."""
    for template in made.templates.values():
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::CloudWatch::Alarm":
                yield resource["Properties"]


def test_every_alarm_links_to_the_section_of_its_name(institutions: list[Made]) -> None:
    linked = set()
    for made in institutions:
        for alarm in alarms(made):
            page, _, id_ = alarm["AlarmDescription"].rpartition("#")
            assert page.endswith(f": {made.settings.runbook_url or 'docs/runbooks.md'}")
            assert re.fullmatch(rf"{made.settings.named(id_)}(-\d+)?", alarm["AlarmName"])
            linked.add(id_)
    assert linked <= set(sections())
    # An alarm that no installation has would be one that nobody tries.
    assert linked >= {id_ for id_ in IDS if id_ not in _events(institutions)}


def _events(institutions: list[Made]) -> set[str]:
    return {
        name.removeprefix(made.settings.named(""))
        for made in institutions
        for template in made.templates.values()
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Events::Rule"
        and isinstance(name := resource["Properties"].get("Name"), str)
    }


def test_every_log_that_is_named_is_one(institutions: list[Made]) -> None:
    named = set(re.findall(r"\blog (\w+) (\w+)", code()))
    assert len(named) >= 4
    for stack, construct in named:
        found = [
            sum(
                resource["Type"] == "AWS::Logs::LogGroup" and name.startswith(construct)
                for name, resource in made.templates[stack]["Resources"].items()
            )
            for made in institutions
            if stack in made.templates
        ]
        assert set(found) in ({1}, {0, 1}), (stack, construct)


def test_every_metric_that_is_named_is_on_a_dashboard(institutions: list[Made]) -> None:
    drawn = {each.name for made in institutions for each in watched.of_dashboard(watched.dashboard(made))}
    of_aws = {name for entry in watched.EMITTED for name in entry["names"]}
    known = {name for name, metric in catalogue().items() if metric.component not in OF_MACHINES} | of_aws
    named = {span for span in re.findall(r"(?<!`)`([^`]+)`(?!`)", PAGE) if span in known}
    assert len(named) >= 5
    assert named <= drawn


@pytest.mark.parametrize("command", sorted(set(re.findall(r"\baws ([a-z0-9-]+) ([a-z0-9-]+)", code()))))
def test_every_call_to_aws_is_one_that_aws_knows(command: tuple[str, str]) -> None:
    if command not in TOOLS:
        assert command[1] in calls(command[0])


@cache
def calls(service: str) -> frozenset[str]:
    """Return the operations of a service, as the command line spells them."""
    names = get_session().get_service_model(service).operation_names
    return frozenset(xform_name(name, "-") for name in names)


@pytest.mark.parametrize(
    "command", sorted(set(re.findall(r"^(?:octopus|scripts/|npx cdk) ?[^|#\n]*", code(), re.M)))
)
def test_every_command_of_ours_is_there_with_its_options(command: str) -> None:
    assert faults(command) == []


def test_commands_of_ours_are_found() -> None:
    assert len(re.findall(r"^octopus ", code(), re.M)) > 5

"""Logical ids of what holds state are written down, and are those of the templates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_dynamodb as dynamodb

from stacks import logical_ids
from stacks.guard.stateful import STATEFUL, holds_state, references, set_at_creation
from stacks.settings import Settings
from tests.infrastructure.conftest import Templates
from tests.infrastructure.synthesis import Made

NAMED_BY_SETTINGS = ("AWS::SNS::Subscription",)
"""Types whose paths end with what an institution gave, here an address; the guard alone holds their ids."""


def _stateful(made: Made) -> Iterator[tuple[str, str, str]]:
    """Yield stack, path below it and logical id of what holds state."""
    for stack, template in made.templates.items():
        for logical_id, resource in template["Resources"].items():
            if holds_state(resource) and resource["Type"] not in NAMED_BY_SETTINGS:
                path = resource["Metadata"]["aws:cdk:path"]
                yield stack, path.removeprefix(f"{made.settings.named(stack)}/"), logical_id


def test_whatever_holds_state_has_the_id_that_is_written_down(institutions: list[Made]) -> None:
    found = {
        (stack, path): logical_id for made in institutions for stack, path, logical_id in _stateful(made)
    }
    written = {
        (stack, path): logical_id
        for stack, ids in logical_ids.PINNED.items()
        for path, logical_id in ids.items()
    }
    assert sorted(found.items() - written.items()) == []  # What is new gets a line in the table.
    assert sorted(written.items() - found.items()) == []  # What no settings make any more loses it.


def test_construct_that_moves_keeps_its_id(monkeypatch: pytest.MonkeyPatch, local: Templates) -> None:
    settings = Settings.from_context({"preset": "local"})
    kept = "RegistryTableDB777839"
    assert kept in local[settings.named("foundation")]["Resources"]
    app = cdk.App()
    stack = cdk.Stack(app, settings.named("foundation"))
    dynamodb.Table(
        stack, "Moved", partition_key=dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING)
    )
    monkeypatch.setattr(logical_ids, "PINNED", {"foundation": {"Moved/Resource": kept, "Absent": "Nothing"}})
    logical_ids.pin(app, settings)
    assert list(app.synth().get_stack_by_name(stack.stack_name).template["Resources"]) == [kept]


def _foundations(value: Any, template: Mapping[str, Any], others: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the resources that a value refers to, in its template or, by their export, in another."""
    for name in references(value):
        if name in template["Resources"]:
            yield template["Resources"][name]
        for other in others.values():
            for output in other.get("Outputs", {}).values():
                if output.get("Export", {}).get("Name") == name:
                    yield from _foundations(output["Value"], other, {})


def test_what_it_cannot_be_without_holds_state_as_well(institutions: list[Made]) -> None:
    seen = set()
    for made in institutions:
        for template in made.templates.values():
            for resource in template["Resources"].values():
                if holds_state(resource):
                    for below in _foundations(set_at_creation(resource), template, made.templates):
                        seen.add((resource["Type"], below["Type"]))
                        assert holds_state(below), (resource["Type"], below["Type"])
    assert ("AWS::MSK::Cluster", "AWS::EC2::Subnet") in seen
    assert ("AWS::MSK::Cluster", "AWS::KMS::Key") in seen


def test_every_type_that_counts_says_what_would_be_lost() -> None:
    assert all(STATEFUL.values())

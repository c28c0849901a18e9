"""The policies of synthesised stacks, as IAM would get them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.infrastructure.conftest import Templates
from tests.infrastructure.intrinsics import resolve

Policies = Mapping[str, dict[str, Any]]


def policies_of(templates: Templates) -> Policies:
    """Every policy of the stacks, by its name."""
    found = {}
    for template in templates.values():
        for resource in template["Resources"].values():
            if resource["Type"] in ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"):
                properties = resource["Properties"]
                key = str(properties.get("ManagedPolicyName") or properties["PolicyName"])
                found[key] = resolve(properties["PolicyDocument"], template["Resources"], templates)
    return found


def held_by(policies: Policies, principal: str) -> dict[str, Any]:
    """All that a principal of the platform holds, as one policy; one of IAM's would be too long."""
    held = {name: policies[name] for name in (principal, f"{principal}-users") if name in policies}
    return {**held[principal], "Statement": [*statements(held)]}


def statements(policies: Policies) -> Iterator[dict[str, Any]]:
    """Every statement of every policy."""
    for document in policies.values():
        yield from document["Statement"]


def listed(value: str | list[str]) -> list[str]:
    """What a policy may write without a list when it is one."""
    return [value] if isinstance(value, str) else value

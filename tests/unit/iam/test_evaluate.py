"""Decisions over layers of rules."""

from __future__ import annotations

import msgspec
import pytest

from octopus.iam.evaluate import decide
from octopus.iam.models import Layers, Rule, TimeCondition

READ = Rule("allow", (), actions=("kafka-cluster:Read*",), resources=("arn:topic/a.*",))
ANY = Rule("allow", (), actions=("*",), resources=("*",))
DENY = Rule("deny", (), not_actions=("kafka-cluster:Connect",), not_resources=("arn:topic/a.*",))


def allowed(layers: Layers, action: str = "kafka-cluster:ReadData", on: str = "arn:topic/a.b") -> bool:
    return decide(layers, action=action, resource=on, at_ms=0).allowed


def test_no_layer_and_an_empty_layer_allow_nothing() -> None:
    assert not allowed(())
    assert not allowed(((),))
    assert not allowed(((ANY,), ()))


def test_every_layer_has_to_allow() -> None:
    assert allowed(((READ,), (ANY,)))
    assert not allowed(((READ,), (ANY,)), on="arn:topic/b.b")
    refused = decide(((ANY,), (READ,)), action="kafka-cluster:WriteData", resource="arn:topic/a.b", at_ms=0)
    assert (refused.allowed, refused.rule, refused.layer) == (False, None, 1)


def test_deny_in_any_layer_wins_and_is_named() -> None:
    refused = decide(((ANY,), (ANY, DENY)), action="kafka-cluster:ReadData", resource="arn:topic/b", at_ms=0)
    assert (refused.allowed, refused.rule, refused.layer) == (False, DENY, 1)
    assert allowed(((ANY, DENY),))
    assert allowed(((ANY, DENY),), action="KAFKA-CLUSTER:connect", on="x")


def test_allowing_rule_is_named() -> None:
    assert (
        decide(((READ, ANY),), action="kafka-cluster:ReadData", resource="arn:topic/a.b", at_ms=0).rule
        is READ
    )


def test_actions_ignore_case_and_resources_do_not() -> None:
    assert allowed(((READ,),), action="KAFKA-cluster:READdata")
    assert not allowed(((READ,),), on="arn:TOPIC/a.b")


@pytest.mark.parametrize(
    ("operator", "holds"),
    [
        ("DateLessThan", (True, False, False, False)),
        ("DateLessThanEquals", (True, True, True, False)),
        ("DateGreaterThan", (False, False, False, True)),
        ("DateGreaterThanEquals", (False, True, True, True)),
        ("DateEquals", (False, True, True, False)),
        ("DateNotEquals", (True, False, False, True)),
    ],
)
def test_time_conditions_hold_before_in_and_after_their_second(
    operator: str, holds: tuple[bool, ...]
) -> None:
    rule = Rule(
        "allow", (TimeCondition(operator, "aws:CurrentTime", (1000,)),), actions=("*",), resources=("*",)
    )
    found = tuple(
        decide(((rule,),), action="a:b", resource="r", at_ms=at).allowed for at in (999, 1000, 1999, 2000)
    )
    assert found == holds


def test_rule_on_the_wire_leaves_out_what_is_absent() -> None:
    assert msgspec.json.decode(msgspec.json.encode(READ)) == {
        "effect": "allow",
        "conditions": [],
        "actions": ["kafka-cluster:Read*"],
        "resources": ["arn:topic/a.*"],
    }

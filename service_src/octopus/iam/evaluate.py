"""IAM's decision over normalised policies.

Source: IAM user guide, "Policy evaluation logic" (one account, identity policies and limits on them).
"""

from __future__ import annotations

import operator
from dataclasses import dataclass

from octopus.iam import patterns
from octopus.iam.models import Layers, Rule, TimeCondition

_COMPARISONS = {
    "DateLessThan": operator.lt,
    "DateLessThanEquals": operator.le,
    "DateGreaterThan": operator.gt,
    "DateGreaterThanEquals": operator.ge,
    "DateEquals": operator.eq,
    "DateNotEquals": operator.ne,
}


@dataclass(frozen=True)
class Decision:
    """Whether a request may be done, and why."""

    allowed: bool
    rule: Rule | None
    """The deny that refused it, or the first layer's allow; None when no layer's rule speaks for it."""
    layer: int | None
    """Which layer refused it: by its deny, or because nothing in it allows. None when allowed."""


def decide(layers: Layers, *, action: str, resource: str, at_ms: int) -> Decision:
    """An explicit deny anywhere wins; otherwise every layer has to allow. No layers allow nothing.

    Args:
        action: such as ``kafka-cluster:ReadData``; case does not matter.
        resource: an ARN; case matters.
        at_ms: the time of the request, in ms since the epoch.
    """

    def first(effect: str, number: int) -> Rule | None:
        return next(
            (
                rule
                for rule in layers[number]
                if rule.effect == effect and _applies(rule, action, resource, at_ms)
            ),
            None,
        )

    for number in range(len(layers)):
        if denied := first("deny", number):
            return Decision(allowed=False, rule=denied, layer=number)
    allows = [first("allow", number) for number in range(len(layers))]
    if not allows or None in allows:
        return Decision(allowed=False, rule=None, layer=allows.index(None) if allows else 0)
    return Decision(allowed=True, rule=allows[0], layer=None)


def _applies(rule: Rule, action: str, resource: str, at_ms: int) -> bool:
    return (
        _covers(rule.actions, rule.not_actions, action, ignore_case=True)
        and _covers(rule.resources, rule.not_resources, resource, ignore_case=False)
        and all(_holds(condition, at_ms) for condition in rule.conditions)
    )


def _covers(
    named: tuple[str, ...] | None, excepted: tuple[str, ...] | None, value: str, *, ignore_case: bool
) -> bool:
    if named is not None:
        return any(patterns.matches(pattern, value, ignore_case=ignore_case) for pattern in named)
    return not any(patterns.matches(pattern, value, ignore_case=ignore_case) for pattern in excepted or ())


def _holds(condition: TimeCondition, at_ms: int) -> bool:
    compared = _COMPARISONS[condition.operator]
    quantifier = all if condition.operator == "DateNotEquals" else any
    # IAM's aws:EpochTime counts whole seconds, so that a request is never after a second before it is over.
    second_ms = at_ms - at_ms % 1000
    return quantifier(compared(second_ms, moment) for moment in condition.epoch_ms)

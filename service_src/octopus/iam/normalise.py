"""Policies of one principal as plain rules, which need nothing but an action, a resource and the time.

Everything else is decided here, and what cannot be decided fails closed: an allow is left out, a deny stays.
"""

from __future__ import annotations

from collections.abc import Iterable

from octopus.iam import conditions, patterns, variables
from octopus.iam.models import Document, Layer, Principal, Rule, Statement, TimeCondition
from octopus.iam.variables import Missing

DENY_ALL = Rule(effect="deny", conditions=(), actions=("*",), resources=("*",))
"""Stands for a policy that cannot be read: whatever it was meant to deny is denied."""


def normalise(documents: Iterable[Document], principal: Principal) -> Layer:
    """One layer: the rules of all these documents, whose allows add up."""
    rules = (
        _rule(statement, principal, has_variables=document.has_variables)
        for document in documents
        for statement in document.statements
    )
    return tuple(dict.fromkeys(rule for rule in rules if rule is not None))


def _rule(statement: Statement, principal: Principal, *, has_variables: bool) -> Rule | None:
    times = _conditions(statement, principal, has_variables=has_variables)
    if times is None:
        return None
    denies = statement.effect == "deny"

    def resources(texts: tuple[str, ...], widened: frozenset[Missing]) -> tuple[str, ...]:
        found = (
            variables.as_pattern(text, principal, has_variables=has_variables, widened=widened)
            for text in texts
        )
        return tuple(pattern for pattern in found if pattern is not None)

    wanted, excepted = None, None
    if statement.resources is not None:
        wanted = resources(statement.resources, frozenset({Missing.UNKNOWN} if denies else ()))
        if not wanted:
            return None
    else:
        excepted = resources(statement.not_resources or (), frozenset(() if denies else Missing))
        if not excepted:
            wanted, excepted = ("*",), None
    return Rule(
        effect=statement.effect,
        conditions=times,
        actions=_actions(statement.actions),
        not_actions=_actions(statement.not_actions),
        resources=wanted,
        not_resources=excepted,
    )


def _actions(texts: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """IAM substitutes no variables in actions."""
    return None if texts is None else tuple(patterns.from_policy(text) for text in texts)


def _conditions(
    statement: Statement, principal: Principal, *, has_variables: bool
) -> tuple[TimeCondition, ...] | None:
    """What is left of a statement's conditions; None when the statement does not apply."""
    answers = [
        conditions.decide(condition, principal, has_variables=has_variables)
        for condition in statement.conditions
    ]
    undecided = None in answers
    if False in answers or (undecided and statement.effect == "allow"):
        return None
    return tuple(left for answer in answers if isinstance(answer, tuple) for left in answer)

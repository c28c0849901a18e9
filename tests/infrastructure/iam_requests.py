"""Asks IAM policies of a template what they say of one request.

The request's own condition keys are decided here; actions, resources and the precedence of a deny are left to
the evaluator that the fabric itself decides with.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from octopus.iam.document import parse
from octopus.iam.evaluate import decide
from octopus.iam.models import Principal
from octopus.iam.normalise import normalise
from octopus.iam.patterns import matches

_PRINCIPAL = Principal(user_name="any", user_id="AIDAANY", arn="arn:aws:iam::111122223333:user/any")


def allows(
    document: Mapping[str, Any], action: str, resource: str, context: Mapping[str, str] | None = None
) -> bool:
    """Whether an identity policy allows a request that carries these condition keys."""
    held = [
        {key: value for key, value in statement.items() if key != "Condition"}
        for statement in document["Statement"]
        if _holds(statement.get("Condition", {}), context or {})
    ]
    layer = normalise([parse({"Version": document["Version"], "Statement": held})], _PRINCIPAL)
    return decide((layer,), action=action, resource=resource, at_ms=0).allowed


def _holds(conditions: Mapping[str, Mapping[str, str]], context: Mapping[str, str]) -> bool:
    return all(
        _test(operator, context.get(key), wanted)
        for operator, tests in conditions.items()
        for key, wanted in tests.items()
    )


def _test(operator: str, actual: str | None, wanted: str) -> bool:
    if operator == "Null":
        return (actual is None) == (wanted == "true")
    if operator == "StringEquals":
        return actual == wanted
    if operator == "StringEqualsIfExists":
        return actual is None or actual == wanted
    if operator == "StringNotEquals":
        return actual != wanted
    if operator == "ArnLike":
        return actual is not None and matches(wanted, actual)
    if operator == "ForAllValues:StringEquals":
        return actual is None or actual == wanted
    if operator == "ForAllValues:StringLike":
        return actual is None or matches(wanted, actual)
    raise KeyError(operator)

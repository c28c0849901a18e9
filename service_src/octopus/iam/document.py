"""IAM policy JSON, parsed strictly: what is not understood is an error, never skipped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from octopus.iam.models import Condition, Document, Statement

_LANGUAGES = {"2012-10-17": True, "2008-10-17": False}
_DOCUMENT_ELEMENTS = {"Version", "Id", "Statement"}
_STATEMENT_ELEMENTS = {
    "Sid",
    "Effect",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
}


class PolicyDocumentError(ValueError):
    """A document is not a valid identity policy; the message says where."""


def parse(policy: str | Mapping[str, Any]) -> Document:
    """The statements of an identity policy, given as JSON text or as decoded JSON.

    Raises:
        PolicyDocumentError: the text is not JSON, an element is unknown, missing, repeated or of a wrong
            type, or the document is a resource policy (it names principals).
    """
    if isinstance(policy, str):
        try:
            policy = json.loads(policy, object_pairs_hook=_without_repeats)
        except json.JSONDecodeError as error:
            raise PolicyDocumentError(f"not JSON: {error}") from error
    if not isinstance(policy, Mapping):
        raise PolicyDocumentError("a policy is a JSON object")
    _only(policy, _DOCUMENT_ELEMENTS, "policy")
    # A document without a version is in the older language.
    version = policy.get("Version", "2008-10-17")
    if version not in _LANGUAGES:
        raise PolicyDocumentError(f"Version {version!r} is not one of IAM's")
    statements = policy.get("Statement")
    if isinstance(statements, Mapping):
        statements = [statements]
    if not isinstance(statements, list):
        raise PolicyDocumentError("Statement is missing, or neither an object nor a list")
    return Document(
        statements=tuple(_statement(statement, f"statement {n}") for n, statement in enumerate(statements)),
        has_variables=_LANGUAGES[version],
    )


def _statement(statement: object, where: str) -> Statement:
    if not isinstance(statement, Mapping):
        raise PolicyDocumentError(f"{where} is not an object")
    _only(statement, _STATEMENT_ELEMENTS, where)
    effects: dict[object, Literal["allow", "deny"]] = {"Allow": "allow", "Deny": "deny"}
    effect = statement.get("Effect")
    if not isinstance(effect, str) or effect not in effects:
        raise PolicyDocumentError(f"{where}: Effect is Allow or Deny, not {effect!r}")
    for name in ("Action", "Resource"):
        if (name in statement) == (f"Not{name}" in statement):
            raise PolicyDocumentError(f"{where} needs exactly one of {name} and Not{name}")
    return Statement(
        effect=effects[effect],
        actions=_texts(statement, "Action", where),
        not_actions=_texts(statement, "NotAction", where),
        resources=_texts(statement, "Resource", where),
        not_resources=_texts(statement, "NotResource", where),
        conditions=_conditions(statement.get("Condition", {}), where),
    )


def _conditions(block: object, where: str) -> tuple[Condition, ...]:
    if not isinstance(block, Mapping):
        raise PolicyDocumentError(f"{where}: Condition is not an object")
    found = []
    for operator, tests in block.items():
        if not isinstance(tests, Mapping):
            raise PolicyDocumentError(f"{where}: condition {operator} is not an object")
        for key, values in tests.items():
            listed = values if isinstance(values, list) else [values]
            found.append(Condition(operator, key, tuple(_scalar(value, where) for value in listed)))
    return tuple(found)


def _scalar(value: object, where: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    raise PolicyDocumentError(f"{where}: a condition's value is text, a number or a boolean")


def _texts(statement: Mapping[str, Any], name: str, where: str) -> tuple[str, ...] | None:
    if name not in statement:
        return None
    value = statement[name]
    listed = [value] if isinstance(value, str) else value
    if (
        not isinstance(listed, list)
        or not listed
        or not all(isinstance(text, str) and text for text in listed)
    ):
        raise PolicyDocumentError(f"{where}: {name} is text or a list of texts, none of them empty")
    return tuple(listed)


def _only(element: Mapping[str, Any], known: set[str], where: str) -> None:
    unknown = sorted(set(element) - known)
    if unknown:
        raise PolicyDocumentError(f"{where} has elements that an identity policy has not: {unknown}")


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    element = dict(pairs)
    if len(element) != len(pairs):
        raise PolicyDocumentError(f"an element is repeated among {sorted(element)}")
    return element

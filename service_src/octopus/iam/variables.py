"""Policy variables: ``${aws:username}``, ``${aws:PrincipalTag/team, 'none'}``, ``${*}``.

Source: IAM user guide, "IAM policy elements: variables and tags" and "AWS global condition context keys".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from octopus.iam import patterns
from octopus.iam.models import Principal

_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_KEY = re.compile(r"\s*([^\s,'](?:[^,']*[^\s,'])?)\s*(?:,\s*'([^']*)'\s*)?")
_TAG = "aws:principaltag/"
_ABSENT = frozenset(
    {
        # Of temporary credentials or of federation: an IAM user signs with a key of its own.
        "aws:assumedroot",
        "aws:federatedprovider",
        "aws:multifactorauthage",
        "aws:multifactorauthpresent",
        "aws:sourceidentity",
        "aws:tokenissuetime",
        # Of requests that an AWS service makes.
        "aws:calledvia",
        "aws:calledviafirst",
        "aws:calledvialast",
        "aws:principalservicename",
        "aws:principalservicenameslist",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceorgid",
        "aws:sourceorgpaths",
        # Of requests that carry tags.
        "aws:tagkeys",
    }
)
"""Keys that no request of an IAM user to a broker has."""
_ABSENT_PREFIXES = (
    "aws:requesttag/",
    # MSK knows tags of clusters alone, and a cluster that AWS does not run has none.
    "aws:resourcetag/",
)


class Missing(Enum):
    """Why a key has no value here."""

    ABSENT = "absent"
    """The request is known to have no such key, such as a tag that the user does not carry."""
    UNKNOWN = "unknown"
    """Only the request itself would tell, and it is not here."""


@dataclass(frozen=True)
class _Literal:
    text: str


_Piece = str | _Literal | Missing


def look_up(key: str, principal: Principal) -> str | Missing:
    """The value of a condition key for an IAM user that speaks to the brokers over TLS. Keys ignore case."""
    name = key.lower()
    if name.startswith(_TAG):
        tags = {tag.lower(): value for tag, value in principal.tags.items()}
        return tags.get(name.removeprefix(_TAG), Missing.ABSENT)
    if name in _ABSENT or name.startswith(_ABSENT_PREFIXES):
        return Missing.ABSENT
    known = {
        "aws:username": principal.user_name,
        "aws:userid": principal.user_id,
        "aws:principalarn": principal.arn,
        "aws:principalaccount": principal.arn.split(":")[4],
        "aws:principaltype": "User",
        "aws:principalisawsservice": "false",
        "aws:viaawsservice": "false",
        "aws:securetransport": "true",
    }
    if principal.cluster_arn:
        _, _, _, region, account, _ = principal.cluster_arn.split(":", 5)
        known |= {"aws:requestedregion": region, "aws:resourceaccount": account}
    return known.get(name, Missing.UNKNOWN)


def as_pattern(
    text: str, principal: Principal, *, has_variables: bool, widened: frozenset[Missing] = frozenset()
) -> str | None:
    """The pattern that a policy's text stands for; None when it stands for nothing that can be matched.

    Substituted values match as they are: a wildcard in a user's name or tag is text.

    Args:
        widened: what counts as ``*`` when a variable is missing; anything else makes the text match nothing.
    """
    pattern = ""
    for piece in _pieces(text, principal, has_variables):
        if isinstance(piece, str):
            pattern += patterns.from_policy(piece)
        elif isinstance(piece, _Literal):
            pattern += patterns.escape(piece.text)
        elif piece in widened:
            pattern += "*"
        else:
            return None
    return pattern


def as_value(text: str, principal: Principal, *, has_variables: bool, wildcards: bool) -> str | Missing:
    """What a condition's value stands for: a pattern for operators that take wildcards, else plain text."""
    value = ""
    for piece in _pieces(text, principal, has_variables):
        if isinstance(piece, Missing):
            return piece
        literal = piece.text if isinstance(piece, _Literal) else piece
        if not wildcards:
            value += literal
        else:
            value += (
                patterns.escape(literal) if isinstance(piece, _Literal) else patterns.from_policy(literal)
            )
    return value


def _pieces(text: str, principal: Principal, has_variables: bool) -> Iterator[_Piece]:
    if not has_variables:
        yield text
        return
    end = 0
    for variable in _VARIABLE.finditer(text):
        yield text[end : variable.start()]
        yield _substitute(variable[1], principal)
        end = variable.end()
    yield text[end:]


def _substitute(variable: str, principal: Principal) -> _Literal | Missing:
    if variable in ("*", "?", "$"):
        return _Literal(variable)
    parts = _KEY.fullmatch(variable)
    if parts is None:
        return Missing.UNKNOWN
    value = look_up(parts[1], principal)
    if value is Missing.ABSENT and parts[2] is not None:
        return _Literal(parts[2])
    return value if isinstance(value, Missing) else _Literal(value)

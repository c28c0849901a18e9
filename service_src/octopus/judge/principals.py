"""What IAM says of a user, and the rules that follow from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from octopus.iam.document import PolicyDocumentError, parse
from octopus.iam.generate import policy_sha256
from octopus.iam.models import Document, Layer, Layers, Principal
from octopus.iam.normalise import DENY_ALL, normalise
from octopus.iam.policy_names import INLINE_POLICY_NAME, managed_policy_number

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class UserPolicies:
    """An IAM user and every policy that bears on it, as IAM gives them."""

    principal: Principal
    documents: Mapping[str, Any]
    """Identity policies by where they hang, such as ``inline/octopus`` or ``group/physics/inline/read``."""
    boundary: tuple[Any, ...] | None
    """The permissions boundary's document; nothing in it when its policy is gone; None without a boundary."""


@dataclass(frozen=True)
class EffectivePolicies:
    """Everything that limits or grants rights to one IAM user."""

    user: UserPolicies | None
    """What it was made of; None when IAM has no such user."""
    layers: Layers
    """Identity policies, then the permissions boundary if there is one."""
    policy_sha256: str
    """Of the policies that the fabric writes, as its version row has it; empty without the inline one."""


NOBODY = EffectivePolicies(user=None, layers=((),), policy_sha256="")
"""A user that IAM has not: one layer that allows nothing, for none at all could be read as no limit."""


def inline(policy_name: str) -> str:
    """Where an inline policy hangs."""
    return f"inline/{policy_name}"


def attachment(arn: str) -> str:
    """Where a managed policy hangs that is attached to the user itself."""
    return f"attached/{arn}"


def effective(user: UserPolicies | None) -> EffectivePolicies:
    """The rules of a user's policies."""
    if user is None:
        return NOBODY
    # In an order of their own, so that equal policies make equal rules in whatever order IAM lists them.
    layers = [_layer((user.documents[place] for place in sorted(user.documents)), user.principal)]
    if user.boundary is not None:
        layers.append(_layer(user.boundary, user.principal))
    return EffectivePolicies(user=user, layers=tuple(layers), policy_sha256=_sha256_of_own(user))


def _sha256_of_own(user: UserPolicies) -> str:
    own = user.documents.get(inline(INLINE_POLICY_NAME))
    if not isinstance(own, dict):
        return ""
    managed = {}
    for place, document in user.documents.items():
        arn = place.removeprefix(attachment(""))
        number = managed_policy_number(arn, user_name=user.principal.user_name)
        if number is not None:
            managed[number] = document
    return policy_sha256(own, *(managed[number] for number in sorted(managed)))


def _layer(documents: Iterable[Any], principal: Principal) -> Layer:
    parsed: list[Document] = []
    for document in documents:
        try:
            parsed.append(parse(document))
        except PolicyDocumentError as error:
            # IAM holds only valid documents, so this is a part of the language that is not known here.
            _log.error("policy.unreadable", user_name=principal.user_name, reason=str(error))
            return (DENY_ALL,)
    return normalise(parsed, principal)

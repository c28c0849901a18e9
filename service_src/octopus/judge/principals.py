"""What IAM says of a user, and the rules that follow from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from octopus.iam.document import PolicyDocumentError, parse
from octopus.iam.generate import INLINE_POLICY_NAME, policy_sha256
from octopus.iam.models import Document, Layer, Layers, Principal
from octopus.iam.normalise import DENY_ALL, normalise

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
    inline_sha256: str
    """Of the inline policy that the fabric writes; empty when the user has none of that name."""


NOBODY = EffectivePolicies(user=None, layers=((),), inline_sha256="")
"""A user that IAM has not: one layer that allows nothing, for none at all could be read as no limit."""


def inline(policy_name: str) -> str:
    """Where an inline policy hangs."""
    return f"inline/{policy_name}"


def effective(user: UserPolicies | None) -> EffectivePolicies:
    """The rules of a user's policies."""
    if user is None:
        return NOBODY
    # In an order of their own, so that equal policies make equal rules in whatever order IAM lists them.
    layers = [_layer((user.documents[place] for place in sorted(user.documents)), user.principal)]
    if user.boundary is not None:
        layers.append(_layer(user.boundary, user.principal))
    own = user.documents.get(inline(INLINE_POLICY_NAME))
    return EffectivePolicies(
        user=user,
        layers=tuple(layers),
        inline_sha256=policy_sha256(own) if isinstance(own, dict) else "",
    )


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

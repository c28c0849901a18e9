"""Messages between the broker plugin and the judge."""

from __future__ import annotations

from typing import Literal

import msgspec

from octopus.iam.models import Layers


class VerifyRequest(msgspec.Struct, frozen=True):
    """What a client presented."""

    mechanism: str
    token: str
    hosts: tuple[str, ...] = ()
    """The names that a client of AWS_MSK_IAM may have signed for; no other mechanism needs them."""


class HeldPolicy(msgspec.Struct, frozen=True):
    """What the plugin holds for one key."""

    principal: str
    access_key_id: str
    version: str = ""


class PoliciesRequest(msgspec.Struct, frozen=True):
    """The plugin's refresh of everything that it holds."""

    principals: list[HeldPolicy]


class Policy(msgspec.Struct, frozen=True):
    """A principal's rules, and how old the oldest reading behind them is."""

    principal: str
    access_key_id: str
    version: str
    age_ms: int
    layers: Layers


class Unchanged(msgspec.Struct, frozen=True):
    """The held version is still right, by readings of this age."""

    principal: str
    access_key_id: str
    version: str
    age_ms: int
    unchanged: Literal[True] = True


class NoPolicy(msgspec.Struct, frozen=True):
    """No rules: either nothing may be done any more (deny) or nothing can be said now (unknown)."""

    principal: str
    access_key_id: str
    outcome: Literal["deny", "unknown"]
    reason: str


class PoliciesReply(msgspec.Struct, frozen=True):
    """One answer for each that was asked, in the same order."""

    policies: list[Policy | Unchanged | NoPolicy]


class Allow(msgspec.Struct, frozen=True):
    """Who signed the token, until when it holds, and the rules to decide by."""

    principal: str
    access_key_id: str
    kind: str
    lifetime_ms: int
    """Epoch ms at which the connection has to authenticate again."""
    policy: Policy
    session_expires_ms: int | None = None
    """Epoch ms from which nothing may be done with this key; None for one that does not expire."""
    outcome: Literal["allow"] = "allow"


class NoAllow(msgspec.Struct, frozen=True):
    """``deny`` is final; after ``unknown`` the client tries again."""

    outcome: Literal["deny", "unknown"]
    reason: str

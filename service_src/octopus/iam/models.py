"""What a policy is: as IAM stores it (statements) and as it is enforced (rules)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec


@dataclass(frozen=True)
class Condition:
    """One line of a Condition block: ``{operator: {key: values}}``."""

    operator: str
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Statement:
    """One statement of an identity policy; exactly one of each pair of elements is set."""

    effect: Literal["allow", "deny"]
    actions: tuple[str, ...] | None
    not_actions: tuple[str, ...] | None
    resources: tuple[str, ...] | None
    not_resources: tuple[str, ...] | None
    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class Document:
    """One parsed policy."""

    statements: tuple[Statement, ...]
    has_variables: bool
    """Version 2012-10-17 substitutes ``${...}``; the older language takes it as text."""


@dataclass(frozen=True)
class Principal:
    """What is known of an IAM user, and of where it asks, when its policies are normalised."""

    user_name: str
    user_id: str
    arn: str
    tags: Mapping[str, str] = field(default_factory=dict)
    cluster_arn: str = ""
    """Of the Kafka cluster that it asks; empty when that is not settled yet."""


class TimeCondition(msgspec.Struct, frozen=True):
    """A condition on the time of a request, the only kind left after normalisation."""

    operator: str
    key: str
    epoch_ms: tuple[int, ...]
    """DateEquals takes any of them; every other operator has exactly one."""


class Rule(msgspec.Struct, frozen=True, omit_defaults=True):
    """A statement with everything decided but action, resource and time.

    Patterns hold IAM's wildcards ``*`` and ``?``; a backslash makes the next character literal.
    """

    effect: Literal["allow", "deny"]
    conditions: tuple[TimeCondition, ...]
    actions: tuple[str, ...] | None = None
    not_actions: tuple[str, ...] | None = None
    resources: tuple[str, ...] | None = None
    not_resources: tuple[str, ...] | None = None


Layer = tuple[Rule, ...]
Layers = tuple[Layer, ...]
"""Allowed iff no rule of any layer denies and every layer has a rule that allows."""

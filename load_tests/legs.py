"""A scenario: a measured leg and its control, each one client with its task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Numbers = Mapping[str, Any]
"""The scenario's own table of ``scenarios.toml``."""
BROKER = "broker"
"""Name of the one broker that is measured, among the fabric's processes."""
IAM, TLS, PLAIN = "IAM over TLS", "TLS alone", "without TLS"


@dataclass(frozen=True, kw_only=True)
class Leg:
    """One client, and what it is told."""

    name: str
    client: str
    """Module of ``load_tests.clients``."""
    task: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A measured leg and its control, which do the same amount of the same work."""

    title: str
    unit: str
    """What is counted: ``events``, ``connections`` or ``requests``."""
    servers: tuple[str, ...]
    """Processes of the fabric whose processor time counts, in both legs."""
    measured: Leg
    control: Leg

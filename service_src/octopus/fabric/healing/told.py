"""How people are told."""

from __future__ import annotations

from collections.abc import Collection

from octopus.errors import OctopusError

_SHOWN = 10


def listed(names: Collection[str]) -> str:
    """The first of the names, and how many more there are."""
    shown = sorted(names)[:_SHOWN]
    return ", ".join(shown) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


def left(name: str, how: str, refusal: OctopusError) -> str:
    """What is to be known of an account that could not be set right; the others are, all the same."""
    return f"The account of {name} {how}: {refusal.message}"

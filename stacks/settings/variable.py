"""What a context variable is: a field of a settings group that knows its reader and what it decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, field
from typing import Any


class SettingsError(ValueError):
    """One sentence for the operator: the variable, its rule, the value given, and the name meant."""


def variable(reader: Callable[[object], Any], about: str, default: Any = MISSING, shown: str = "") -> Any:
    """Declare a variable.

    Args:
        reader: of text or JSON's own types (`stacks.settings.values`).
        about: what it decides, as the documentation says it.
        default: of its own type; left out when the variable is required.
        shown: the default as the documentation shows it, where that is not the value itself.
    """
    metadata = {"read": reader, "about": about, "shown": shown or _shown(default)}
    return field(default=default, metadata=metadata)


def about(declared: Field[Any]) -> Mapping[str, str]:
    """Return what the documentation says of a variable: ``about`` and ``shown``."""
    return declared.metadata


def _shown(default: object) -> str:
    if default is MISSING:
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    return "none" if default in ("", ()) else str(default)

"""What a project may be called."""

from __future__ import annotations

import re

from octopus.errors import InvalidError
from octopus.topics.names import RESERVED_NAMESPACES

PERSONAL = "ns-"
"""Begins the namespace of a person."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,30}[a-z0-9]", re.ASCII)
"""No ``_``: Kafka holds ``lab_a.x`` and ``lab.a_x`` to collide."""


def is_project_name(name: str) -> bool:
    """Whether a project may be called so, by its form."""
    return _NAME.fullmatch(name) is not None and not name.startswith(PERSONAL)


def require_project_name(name: str) -> None:
    """Hold the name of a new project to the rules.

    Raises:
        InvalidError: names the rule that is broken.
    """
    shown = repr(name[:64])
    if not is_project_name(name):
        raise InvalidError(
            "name: a project has 3 to 32 lower-case letters, digits and '-', the last not at either end, and "
            f"does not begin with '{PERSONAL}', received {shown}"
        )
    if name in RESERVED_NAMESPACES:
        raise InvalidError(f"name: {shown} is kept for the service's own addresses")

"""One thing that belongs to no live stack."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Leftover:
    """Something of the institution's that is there and in no live stack."""

    kind: str
    name: str
    holds_data: bool
    """Whether somebody's data may be lost with it."""
    cost: str
    """Of a month, roughly."""
    used_by: str = ""
    """Kind of what has to be gone before."""
    remove: Callable[[], None] = field(repr=False)
    """Returns when it is gone."""

    def __str__(self) -> str:
        held = "may hold data" if self.holds_data else "holds no data"
        return f"{self.kind}  {self.name}: {held}; {self.cost}"

"""One thing on the bill, before it has its price."""

from __future__ import annotations

from typing import NamedTuple


class Item(NamedTuple):
    """So much of what has a price."""

    part: str
    what: str
    quantity: float
    price: str
    """Name in ``prices.toml``."""

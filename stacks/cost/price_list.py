"""The dated prices of ``prices.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "prices.toml"


@dataclass(frozen=True)
class Price:
    """Of one unit of one thing, in USD."""

    usd: float
    unit: str
    page: str
    """Title of the page of AWS that sets it."""
    through: str
    """Where it was read; "" for one that is recalled, and was seen nowhere."""
    read: date | None
    """When; none for one that is recalled."""
    traced: bool
    """Whether what was read was made from AWS's own page or price list."""


@dataclass(frozen=True)
class PriceList:
    """All of them, of one region."""

    region: str
    compiled: date
    prices: Mapping[str, Price]


def read() -> PriceList:
    """Return the prices of the file."""
    written = tomllib.loads(FILE.read_text(encoding="utf-8"))
    readings: Mapping[str, Mapping[str, Any]] = written["readings"]
    prices = {}
    for name, price in written["prices"].items():
        reading = readings[price["through"]] if "through" in price else {}
        prices[name] = Price(
            usd=price["usd"],
            unit=price["unit"],
            page=written["pages"][price["page"]],
            through=reading.get("what", ""),
            read=reading.get("read"),
            traced=reading.get("traced", False),
        )
    return PriceList(region=written["region"], compiled=written["compiled"], prices=prices)

"""``docs/cost.md`` and the file of prices."""

from __future__ import annotations

import tomllib
from pathlib import Path

from stacks.cost.document import render

ROOT = Path(__file__).parents[3]


def test_the_tables_of_the_page_are_those_that_the_prices_make() -> None:
    page = (ROOT / "docs" / "cost.md").read_text()
    assert render() in page, "copy the output of `python -m stacks.cost.document` into docs/cost.md"


def test_every_price_has_its_page_and_every_reading_a_price() -> None:
    written = tomllib.loads((ROOT / "stacks" / "cost" / "prices.toml").read_text())
    prices = written["prices"].values()
    assert all(price["usd"] > 0 and price["unit"] for price in prices)
    assert {price["page"] for price in prices} == set(written["pages"])
    assert {price["through"] for price in prices if "through" in price} == set(written["readings"])
    assert all(reading["read"] <= written["compiled"] for reading in written["readings"].values())

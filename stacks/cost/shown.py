"""A bill as people and programs read it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

from stacks.cost.bill import NOT_ESTIMATED, Bill
from stacks.cost.load import OPTIONS, Load
from stacks.cost.price_list import Price

MARK = "*"
"""Beside a price that is not traced to AWS."""


def load_words(load: Load) -> str:
    """Return a load as the words of a command line that give it."""
    return " ".join(f"--{name} {getattr(load, name.replace('-', '_')):.10g}" for name in OPTIONS)


def text(bill: Bill) -> str:
    """Return it as a table, with what to know of it before and after."""
    settings, prices = bill.settings, bill.prices
    head = [
        f"Octopus {settings.institution}, a month of {load_words(bill.load)}",
        f"USD at list prices of {prices.region}, compiled {prices.compiled}; {MARK} not traced to AWS",
        *(f"WARNING: {warning}" for warning in bill.warnings()),
        "",
    ]
    foot = ["", "Not estimated:", *(f"  {each}" for each in NOT_ESTIMATED)]
    return "\n".join([*head, *_rows(bill), *foot]) + "\n"


def as_json(bill: Bill) -> str:
    """Return it as JSON, each line with the page that sets its price."""
    settings, prices = bill.settings, bill.prices
    lines = [
        {
            "part": line.part,
            "what": line.what,
            "quantity": line.quantity,
            "unit": line.price.unit,
            "usd_each": line.price.usd,
            "usd": line.usd,
            "page": line.price.page,
            "read": line.price.read and line.price.read.isoformat(),
            "through": line.price.through or None,
            "traced": line.price.traced,
        }
        for line in bill.lines
    ]
    whole = {
        "institution": settings.institution,
        "region": settings.region,
        "prices": {"region": prices.region, "compiled": prices.compiled.isoformat()},
        "load": asdict(bill.load),
        "lines": lines,
        "usd": bill.usd,
        "usd_at_untraced_prices": bill.untraced_usd,
        "warnings": list(bill.warnings()),
        "not_estimated": list(NOT_ESTIMATED),
    }
    return json.dumps(whole, indent=2) + "\n"


def quantity(amount: float) -> str:
    """Return an amount with as many digits as say something."""
    return f"{amount:,.0f}" if amount >= 100 or amount == int(amount) else f"{amount:,.3g}"


def unit_price(usd: float) -> str:
    """Return a price of one unit, in plain digits."""
    return f"{usd:.10f}".rstrip("0") if usd < 0.01 else f"{usd:g}"


def mark(price: Price) -> str:
    """Return what stands beside a price."""
    return "" if price.traced else MARK


def _rows(bill: Bill) -> Iterator[str]:
    form = "{:<12} {:<40} {:>10} {:<16} {:>14} {:>10}"
    yield form.format("part", "what", "quantity", "unit", "USD each", "USD").rstrip()
    part = ""
    for line in bill.lines:
        yield form.format(
            line.part if line.part != part else "",
            line.what,
            quantity(line.quantity),
            line.price.unit,
            unit_price(line.price.usd) + (mark(line.price) or " "),
            f"{line.usd:,.2f}",
        )
        part = line.part
    yield form.format("total", "", "", "", "", f"{bill.usd:,.2f}")
    yield form.format("", f"of it at untraced prices ({MARK})", "", "", "", f"{bill.untraced_usd:,.2f}")

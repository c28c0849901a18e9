"""The tables of ``docs/cost.md``; ``python -m stacks.cost.document`` prints them."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from stacks.cost import bill, load, price_list, shown
from stacks.cost.bill import Bill
from stacks.settings import Settings

PRESETS = ("trial", "lab", "facility")
_RATES = (0, 10, 100, 1000)
_SMALL_USD = 1


def render() -> str:
    """Return the tables as Markdown: of each preset at the usual load, of other loads, and of the prices."""
    usual = [_bill(preset) for preset in PRESETS]
    parts = [
        "### The three presets",
        f"\nEach with its own count of tasks, at the usual load: `{_common(usual[0])}`.\n",
        *(_lines(preset, made) for preset, made in zip(PRESETS, usual, strict=True)),
        _other_loads(),
        _prices(),
    ]
    return "\n".join(parts)


def _bill(preset: str, **words: str) -> Bill:
    settings = Settings.from_context({"institution": "example", "preset": preset}, region="us-east-1")
    given: Mapping[str, str | None] = {name.replace("_", "-"): value for name, value in words.items()}
    return bill.of(settings, load.of(given, settings))


def _common(made: Bill) -> str:
    return shown.load_words(made.load).partition(" --tasks")[0]


def _lines(preset: str, made: Bill) -> str:
    rows = [
        f"#### `{preset}`: {made.usd:,.0f} USD",
        "",
        "| part | what | quantity | unit | USD each | USD |",
        "|---|---|--:|---|--:|--:|",
    ]
    small = [line for line in made.lines if line.usd < _SMALL_USD]
    for line in made.lines:
        if line not in small:
            cells = (
                line.part,
                line.what,
                shown.quantity(line.quantity),
                line.price.unit,
                shown.unit_price(line.price.usd) + shown.mark(line.price),
                f"{line.usd:,.2f}",
            )
            rows.append(f"| {' | '.join(cells)} |")
    rest = sum(line.usd for line in small)
    rows.append(f"| | {len(small)} lines of less than {_SMALL_USD} USD each | | | | {rest:,.2f} |")
    rows.append(f"| **total** | | | | | **{made.usd:,.2f}** |")
    rows.append(f"| | of it at untraced prices ({shown.MARK}) | | | | {made.untraced_usd:,.2f} |")
    return "\n".join(rows) + "\n"


def _other_loads() -> str:
    rows = [
        "### Other loads",
        "",
        "USD a month, all else as above. In brackets: the brokers do not hold it.",
        "",
        f"| events a second | {' | '.join(f'`{preset}`' for preset in PRESETS)} |",
        "|--:|" + "--:|" * len(PRESETS),
    ]
    for rate in _RATES:
        made = [_bill(preset, events_per_second=str(rate)) for preset in PRESETS]
        cells = [f"({each.usd:,.0f})" if list(each.warnings()) else f"{each.usd:,.0f}" for each in made]
        rows.append(f"| {rate:,} | {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def _prices() -> str:
    prices = price_list.read()
    traced = [name for name, price in prices.prices.items() if price.traced]
    recalled = [name for name, price in prices.prices.items() if not price.read]
    seen = [name for name, price in prices.prices.items() if price.read and not price.traced]
    return "\n".join(
        [
            "### Prices",
            "",
            f"{len(prices.prices)} prices of {prices.region}, compiled {prices.compiled}:",
            "",
            f"- {len(traced)} traced, through copies of its pages and price list, to AWS;",
            f"- {len(seen)} seen in tables that name no source: {_named(seen)};",
            f"- {len(recalled)} recalled and seen nowhere: {_named(recalled)}.",
            "",
        ]
    )


def _named(prices: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in prices)


if __name__ == "__main__":
    sys.stdout.write(render())

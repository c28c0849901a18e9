"""The bill of a month."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stacks.cost import brokers, gateway, heartbeat, hosting, network, price_list, state, volumes, watching
from stacks.cost.load import Load
from stacks.cost.price_list import Price, PriceList
from stacks.settings import Settings

_PARTS = (brokers, hosting, network, gateway, state, heartbeat, watching)

NOT_ESTIMATED = (
    "tax, support plans, discounts, savings plans and free allowances, which the whole account shares;",
    "lower prices of larger amounts, but for what leaves AWS;",
    "tasks in Fargate beyond --tasks, peaks above the average, growth of storage within the month;",
    "reads of old records from tiered storage, restores, backups beyond 35 days, queries of logs and tables;",
    "Direct Connect, VPN, peering, and NAT in a VPC that somebody else made;",
    "a web service, brokers or programs that you run yourselves, on AWS or elsewhere;",
    "Globus, domain names, hosted zones and certificates;",
    "further versions of a KMS key: 1 USD a month for each of its first two yearly rotations.",
)


@dataclass(frozen=True)
class Line:
    """So much of one thing, at its price."""

    part: str
    what: str
    quantity: float
    price: Price

    @property
    def usd(self) -> float:
        """Return what it costs, in whole cents, so that the lines add up to the total."""
        return round(self.quantity * self.price.usd, 2)


@dataclass(frozen=True)
class Bill:
    """What one installation costs in a month of one load."""

    settings: Settings
    load: Load
    prices: PriceList
    lines: tuple[Line, ...]

    @property
    def usd(self) -> float:
        """Return the total."""
        return round(sum(line.usd for line in self.lines), 2)

    @property
    def untraced_usd(self) -> float:
        """Return what of it stands on prices that are not traced to AWS."""
        return round(sum(line.usd for line in self.lines if not line.price.traced), 2)

    def warnings(self) -> Iterator[str]:
        """Yield what makes the total another than it seems."""
        if self.settings.region != self.prices.region:
            yield (
                f"Prices are those of {self.prices.region}; in {self.settings.region} nearly all of them are"
                " others, mostly higher."
            )
        if not volumes.fits(self.settings, self.load):
            needed = volumes.disk_needed(self.settings, self.load)
            held = volumes.disk(self.settings, self.load) * self.settings.broker_count
            yield (
                f"The load does not fit: its copies take {needed:,.0f} GB, and the brokers' storage is"
                f" {held:,} GB. Keep records for a shorter time, or give brokers more."
            )
        if self.settings.kafka == "msk-express":
            needed_brokers = volumes.brokers_needed(self.settings, self.load)
            if needed_brokers > self.settings.broker_count:
                yield (
                    f"The load does not fit: it keeps {needed_brokers} brokers of {self.settings.broker_type}"
                    f" busy, and there are {self.settings.broker_count}."
                )


def of(settings: Settings, load: Load) -> Bill:
    """Return the bill, at the dated prices."""
    prices = price_list.read()
    items = (item for part in _PARTS for item in part.items(settings, load))
    lines = (Line(item.part, item.what, item.quantity, prices.prices[item.price]) for item in items)
    return Bill(settings, load, prices, tuple(lines))

"""Ways out of the network, and what goes over them."""

from __future__ import annotations

from collections.abc import Iterator

from stacks.cost import volumes
from stacks.cost.assumptions import HOURS
from stacks.cost.item import Item
from stacks.cost.load import Load
from stacks.settings import Settings

PART = "network"

_BANDS = (
    ("first 10 TB", "egress-first-10-tb", 10 * 1024.0),
    ("next 40 TB", "egress-next-40-tb", 40 * 1024.0),
    ("next 100 TB", "egress-next-100-tb", 100 * 1024.0),
    ("beyond", "egress-beyond", float("inf")),
)
"""What leaves AWS is cheaper the more it is: name, price, GiB. Source: Amazon EC2 on-demand pricing."""


def nat_gateways(settings: Settings) -> int:
    """Return how many are made."""
    made = settings.in_fargate and settings.egress == "nat" and not settings.vpc_id
    return settings.nat_gateways if made else 0


def public_addresses(settings: Settings, load: Load) -> float:
    """Return the public addresses of gateways, tasks and brokers."""
    tasks = load.tasks if settings.in_fargate and settings.egress == "public-address" else 0
    brokers = settings.broker_count if settings.msk_public_access else 0
    return nat_gateways(settings) + tasks + brokers


def items(settings: Settings, load: Load) -> Iterator[Item]:
    """Yield what a month of it takes."""
    gateways, addresses = nat_gateways(settings), public_addresses(settings, load)
    if gateways:
        yield Item(PART, f"{gateways} NAT gateway{'s' * (gateways > 1)}", gateways * HOURS, "nat-gateway")
        yield Item(PART, "through NAT", volumes.through_nat(load), "nat-data")
    if addresses:
        yield Item(PART, "public IPv4 addresses", addresses * HOURS, "public-ipv4")
    if across := volumes.between_zones(settings, load):
        yield Item(PART, "clients and brokers in different zones", 2 * across, "between-zones")
    left = volumes.egress(settings, load)
    for name, price, width in _BANDS:
        if left > 0:
            yield Item(PART, f"to the internet, {name}", min(left, width), price)
        left -= width

"""Rules of the network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stacks.settings import link_zones

if TYPE_CHECKING:
    from stacks.settings import Settings


def broken_by(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield the name of a variable and the rule that its value breaks."""
    if not settings.on_msk and not settings.in_fargate:
        return
    yield from _zones(settings)
    if settings.in_fargate:
        yield from _link(settings)
    if settings.nat_gateways > settings.zones:
        yield "nat_gateways", f"must be at most one a zone (zones={settings.zones})"
    if settings.vpc_id:
        yield from _existing(settings)
    elif settings.public_subnet_ids or settings.private_subnet_ids:
        name = "public_subnet_ids" if settings.public_subnet_ids else "private_subnet_ids"
        yield name, "must not be given without vpc_id"


def _link(settings: Settings) -> Iterator[tuple[str, str]]:
    """Ask for zones that the gateway's link can stand in: it stands beside the balancer, in each of them."""
    region, possible = settings.region, link_zones.ZONES.get(settings.region, ())
    if not possible:
        regions = ", ".join(link_zones.ZONES)
        yield "region", f"must be one of {regions} with hosting=fargate, where the gateway's links are"
        return
    listed = ", ".join(possible)
    if len(possible) < 3 and settings.kafka == "msk-express":
        yield (
            "region",
            f"must not be {region} with hosting=fargate and kafka=msk-express, which needs three zones: the"
            f" gateway's links are in {listed} alone",
        )
    if len(possible) < settings.zones:
        yield (
            "zones",
            f"must be at most {len(possible)} in {region} with hosting=fargate, since the gateway's links are"
            f" in {listed} alone",
        )
    for zone in settings.zone_ids:
        if zone not in possible:
            yield (
                "zone_ids",
                f"must not hold {zone} with hosting=fargate: the gateway's links are in {listed}",
            )


def _zones(settings: Settings) -> Iterator[tuple[str, str]]:
    if settings.region == "us-west-1" and settings.kafka == "msk-express":
        yield "region", "must not be us-west-1 with kafka=msk-express, which needs three zones"
    if settings.region == "us-west-1" and settings.zones != 2:
        yield "zones", "must be 2 in us-west-1, where MSK takes exactly two subnets"
    if settings.kafka == "msk-express" and settings.zones != 3:
        yield "zones", "must be 3 with kafka=msk-express"
    if settings.zone_ids and len(settings.zone_ids) != settings.zones:
        yield "zone_ids", f"must be as many as zones ({settings.zones})"
    for zone in settings.zone_ids:
        if zone == "use1-az3":
            yield "zone_ids", "must not hold use1-az3, where MSK and the gateway's links have nothing"
        if zone.partition("-")[0] != zone_prefix(settings.region):
            yield "zone_ids", f"must be of the region ({settings.region})"


def _existing(settings: Settings) -> Iterator[tuple[str, str]]:
    needed = {
        "public_subnet_ids": settings.broker_subnets == "public"
        or (settings.in_fargate and settings.egress == "public-address"),
        # The balancer is internal, and so are brokers unless they are told otherwise.
        "private_subnet_ids": settings.in_fargate or settings.broker_subnets == "private",
    }
    for name, wanted in needed.items():
        subnets = getattr(settings, name)
        if wanted and not subnets:
            yield name, "must be given with vpc_id and these values of egress and broker_subnets"
        if subnets and len(subnets) != settings.zones:
            yield name, f"must be one a zone (zones={settings.zones})"
    if set(settings.public_subnet_ids) & set(settings.private_subnet_ids):
        yield "private_subnet_ids", "must not hold a subnet that is in public_subnet_ids"


def zone_prefix(region: str) -> str:
    """Return how the ids of a region's zones begin: ``use1`` for us-east-1, ``usgw1`` for us-gov-west-1."""
    country, *directions, number = region.split("-")
    short = {"northeast": "ne", "southeast": "se", "northwest": "nw", "southwest": "sw"}
    return country + "".join(short.get(word, word[0]) for word in directions) + number

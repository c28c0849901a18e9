"""The network of brokers and web service: made here, or somebody else's by its ids."""

from __future__ import annotations

from dataclasses import dataclass

from stacks.settings import values as read
from stacks.settings.variable import variable


@dataclass(frozen=True, kw_only=True)
class Network:
    """The network, with `kafka=msk-*` or `hosting=fargate`."""

    zones: int = variable(
        read.number_among((2, 3)), "Availability zones that brokers and tasks are spread over", default=3
    )
    zone_ids: tuple[str, ...] = variable(
        read.several(read.matching(r"[a-z]{2,5}[0-9]-az[0-9]", "must be ids of zones such as use1-az1")),
        "Ids of these zones, with commas between; with `hosting=fargate` zones that the gateway's links are"
        " in",
        default=(),
        shown="the first that these links are in, as use1-az1, use1-az2, use1-az4; else the region's",
    )
    vpc_cidr: str = variable(
        read.network, "Addresses of the VPC that is made, from /16 to /24", default="10.42.0.0/16"
    )
    vpc_id: str = variable(
        read.matching(r"vpc-[0-9a-f]{8,17}", "must be the id of a VPC such as vpc-0a1b2c3d4e5f60718"),
        "An existing VPC, in place of one that is made",
        default="",
    )
    public_subnet_ids: tuple[str, ...] = variable(
        read.several(read.subnet_id),
        "Subnets of that VPC with a route to an internet gateway, one a zone",
        default=(),
    )
    private_subnet_ids: tuple[str, ...] = variable(
        read.several(read.subnet_id), "Its subnets without one, one a zone", default=()
    )
    egress: str = variable(
        read.choice(("nat", "public-address")),
        "How the web service reaches Globus and IAM: through NAT, or by a public address without inbound",
        default="nat",
    )
    nat_gateways: int = variable(
        read.whole_number(1, 3), "NAT gateways of the VPC that is made; at most one a zone", default=1
    )
    broker_subnets: str = variable(
        read.choice(("private", "public")),
        "Where the brokers are, for good; public access needs `public`",
        default="private",
    )

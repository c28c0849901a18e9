"""Whether an existing VPC's subnets are fit for brokers and tasks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from stacks.first_day.account import Account
from stacks.first_day.findings import Finding, fails, ok
from stacks.settings import link_zones

_WITHOUT_MSK = ("use1-az3",)
"""Ids of zones in which MSK has nothing."""
_OUTSIDE = "0.0.0.0/0"


def check(account: Account, *, fix: bool) -> Iterator[Finding]:
    """Yield how the public and the private subnets stand."""
    settings = account.settings
    if not settings.vpc_id:
        return
    yield from _subnets(account, "public_subnet_ids", settings.public_subnet_ids, outside="igw-")
    # Tasks without a public address reach Globus and IAM from here.
    needs_egress = settings.in_fargate and settings.egress == "nat"
    yield from _subnets(
        account, "private_subnet_ids", settings.private_subnet_ids, outside="" if needs_egress else None
    )


def _subnets(
    account: Account, variable: str, ids: tuple[str, ...], *, outside: str | None
) -> Iterator[Finding]:
    if not ids:
        return
    ec2, vpc = account.client("ec2"), account.settings.vpc_id
    listed = f"aws ec2 describe-subnets --filters Name=vpc-id,Values={vpc} --region {account.settings.region}"
    try:
        subnets = ec2.describe_subnets(SubnetIds=list(ids))["Subnets"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "InvalidSubnetID.NotFound":
            raise
        yield fails(variable, error.response["Error"]["Message"], f"name subnets of the VPC: {listed}")
        return
    wrong = [*_wrong(subnets, vpc), *_without_route(ec2, subnets, vpc, outside)]
    if account.settings.in_fargate and variable == "private_subnet_ids":
        wrong += _without_links(subnets, link_zones.ZONES[account.settings.region])
    for problem in wrong:
        yield fails(variable, problem, f"name others: {listed}")
    if not wrong:
        zones = ", ".join(sorted(each["AvailabilityZoneId"] for each in subnets))
        yield ok(variable, f"{len(subnets)} subnets in {zones}")


def _wrong(subnets: list[dict[str, Any]], vpc: str) -> Iterator[str]:
    for subnet in subnets:
        if subnet["VpcId"] != vpc:
            yield f"{subnet['SubnetId']} is in {subnet['VpcId']}, not in {vpc}"
        if subnet["AvailabilityZoneId"] in _WITHOUT_MSK:
            yield f"{subnet['SubnetId']} is in {subnet['AvailabilityZoneId']}, where MSK has nothing"
    zones = [subnet["AvailabilityZoneId"] for subnet in subnets]
    twice = sorted({zone for zone in zones if zones.count(zone) > 1})
    if twice:
        yield f"more than one is in {', '.join(twice)}"


def _without_links(subnets: list[dict[str, Any]], possible: tuple[str, ...]) -> Iterator[str]:
    """Yield each subnet that the gateway's link cannot stand in; it stands where the balancer does."""
    for subnet in subnets:
        if subnet["AvailabilityZoneId"] not in possible:
            yield (
                f"{subnet['SubnetId']} is in {subnet['AvailabilityZoneId']}, and the gateway's links are in"
                f" {', '.join(possible)} alone"
            )


def _without_route(ec2: Any, subnets: list[dict[str, Any]], vpc: str, outside: str | None) -> Iterator[str]:
    """Yield each subnet without a way out; ``outside`` begins its target's id, and None wants none."""
    if outside is None:
        return
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    of_subnet = {
        link["SubnetId"]: table for table in tables for link in table["Associations"] if link.get("SubnetId")
    }
    main = next((table for table in tables if any(link.get("Main") for link in table["Associations"])), None)
    for subnet in subnets:
        table = of_subnet.get(subnet["SubnetId"], main)
        targets = [] if table is None else _ways_out(table)
        if not any(target.startswith(outside) for target in targets):
            way = "internet gateway" if outside else "way to the internet"
            yield f"{subnet['SubnetId']} has no {way}"


def _ways_out(table: dict[str, Any]) -> list[str]:
    return [
        str(route[kind])
        for route in table["Routes"]
        if route.get("DestinationCidrBlock") == _OUTSIDE and route.get("State", "active") == "active"
        for kind in (
            "GatewayId",
            "NatGatewayId",
            "TransitGatewayId",
            "NetworkInterfaceId",
            "VpcPeeringConnectionId",
        )
        if route.get(kind)
    ]

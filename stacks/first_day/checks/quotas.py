"""Whether the account may have what the installation takes, beside what it has."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from stacks.first_day.account import Account
from stacks.first_day.findings import Finding, cannot_tell, fails, ok
from stacks.first_day.stacks import Standing, standing
from stacks.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Need:
    """What an installation takes of one quota."""

    service: str
    """As Service Quotas calls it."""
    code: str
    name: str
    """The quota's, in the console."""
    amount: float
    stack: str
    """Which takes it: once it is there, its share is in use already."""
    in_use: Callable[[Account], float] | None = None
    """Counts what is in use; None when Service Quotas names a metric that says so."""
    beside: str = ""
    """What else is to be known of it."""


def needs(settings: Settings) -> list[Need]:
    """Return what the settings take of each quota that a new account may run into."""
    found = []
    own_network = (settings.on_msk or settings.in_fargate) and not settings.vpc_id
    if own_network:
        found.append(
            Need(
                service="vpc",
                code="L-F678F1CE",
                name="VPCs per Region",
                amount=1,
                stack="network",
                in_use=_vpcs,
            )
        )
    if own_network and settings.in_fargate and settings.egress == "nat":
        found.append(
            Need(
                service="ec2",
                code="L-0263D0A3",
                name="EC2-VPC Elastic IPs",
                amount=settings.nat_gateways,
                stack="network",
                in_use=_addresses,
            )
        )
    if settings.kafka in ("msk-standard", "msk-express"):
        found.append(
            Need(
                service="kafka",
                code="L-EDD31C36",
                name="Number of brokers per account",
                amount=settings.broker_count,
                stack="kafka",
                in_use=_brokers,
            )
        )
    return found + (_of_tasks(settings) if settings.in_fargate else [])


def _of_tasks(settings: Settings) -> list[Need]:
    # A rolling deployment runs the old tasks and as many new ones.
    tasks = max(settings.service_replicas_most, 2 * settings.service_replicas)
    kind, code = ("Spot", "L-36FBB829") if settings.service_spot else ("On-Demand", "L-3032A538")
    found = [
        Need(
            service="fargate",
            code=code,
            name=f"Fargate {kind} vCPU resource count",
            amount=tasks * settings.service_cpu / 1024,
            stack="hosting",
        )
    ]
    if settings.image == "codebuild":
        found.append(
            Need(
                service="codebuild",
                code="L-5ED1D25B",
                name="Concurrently running builds for ARM/Small environment",
                amount=1,
                stack="hosting",
                # Builds wait for one another.
                in_use=lambda _account: 0,
                beside=" (AWS may hold a new account at none whatever this says, until its support is asked; "
                "image=docker needs none)",
            )
        )
    return found


def check(account: Account, *, fix: bool) -> Iterator[Finding]:
    """Yield for each quota what is taken, in use and allowed."""
    live = {each.part for each in standing(account) if each.standing is Standing.LIVE}
    for need in needs(account.settings):
        about = f"quota {need.name}"
        quota = _quota(account, need)
        if quota is None:
            yield cannot_tell(about, f"Service Quotas has no {need.code}", "look at it in the console")
            continue
        amount = 0.0 if need.stack in live else need.amount
        used = need.in_use(account) if need.in_use else _measured(account, quota.get("UsageMetric"))
        shown = "an unknown number" if used is None else f"{used:g}"
        room = f"{amount:g} needed, {shown} in use, {quota['Value']:g} allowed{need.beside}"
        if used is None and amount <= quota["Value"]:
            yield cannot_tell(about, room, "see in the console what is in use")
        elif (used or 0) + amount > quota["Value"]:
            yield fails(
                about,
                room,
                "ask AWS for more: aws service-quotas request-service-quota-increase "
                f"--service-code {need.service} --quota-code {need.code} "
                f"--desired-value {math.ceil((used or 0) + amount)} --region {account.settings.region}",
            )
        else:
            yield ok(about, room)


def _quota(account: Account, need: Need) -> dict[str, Any] | None:
    """Return the quota as it is for this account, else as it is for every account."""
    client = account.client("service-quotas")
    for ask in (client.get_service_quota, client.get_aws_default_service_quota):
        try:
            return dict(ask(ServiceCode=need.service, QuotaCode=need.code)["Quota"])
        except client.exceptions.NoSuchResourceException:
            continue
    return None


def _measured(account: Account, metric: dict[str, Any] | None) -> float | None:
    """Return the most of the last day by the metric that Service Quotas names; None when it says nothing."""
    if metric is None:
        return None
    now = datetime.now(UTC)
    answer = account.client("cloudwatch").get_metric_statistics(
        Namespace=metric["MetricNamespace"],
        MetricName=metric["MetricName"],
        Dimensions=[{"Name": name, "Value": value} for name, value in metric["MetricDimensions"].items()],
        StartTime=now - timedelta(days=1),
        EndTime=now,
        Period=3600,
        Statistics=["Maximum"],
    )
    # Where nothing runs, nothing is measured.
    return float(max((point["Maximum"] for point in answer["Datapoints"]), default=0.0))


def _vpcs(account: Account) -> float:
    pages = account.client("ec2").get_paginator("describe_vpcs").paginate()
    return sum(len(page["Vpcs"]) for page in pages)


def _addresses(account: Account) -> float:
    return len(account.client("ec2").describe_addresses()["Addresses"])


def _brokers(account: Account) -> float:
    pages = account.client("kafka").get_paginator("list_clusters_v2").paginate()
    clusters = [each for page in pages for each in page["ClusterInfoList"]]
    return float(sum(each.get("Provisioned", {}).get("NumberOfBrokerNodes", 0) for each in clusters))

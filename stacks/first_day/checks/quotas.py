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
    quota: str
    """The quota's name there."""
    amount: float
    in_use: Callable[[Account], float] | None
    """Counts what is in use; None when Service Quotas names a metric that says so."""
    stack: str
    """Which takes it: once it is there, its share is in use already."""


def needs(settings: Settings) -> list[Need]:
    """Return what the settings take of each quota that a new account may run into."""
    found = []
    own_network = (settings.on_msk or settings.in_fargate) and not settings.vpc_id
    if own_network:
        found.append(_need("vpc", "VPCs per Region", 1, _vpcs, "network"))
    if own_network and settings.in_fargate and settings.egress == "nat":
        found.append(_need("ec2", "EC2-VPC Elastic IPs", settings.nat_gateways, _addresses, "network"))
    if settings.kafka in ("msk-standard", "msk-express"):
        brokers = settings.broker_count
        found.append(_need("kafka", "Number of brokers per account", brokers, _brokers, "kafka"))
    if settings.in_fargate:
        kind = "Spot" if settings.service_spot else "On-Demand"
        # A rolling deployment runs the old tasks and as many new ones.
        tasks = max(settings.service_replicas_most, 2 * settings.service_replicas)
        cores = tasks * settings.service_cpu / 1024
        found.append(_need("fargate", f"Fargate {kind} vCPU resource count", cores, None, "hosting"))
    return found


def check(account: Account, *, fix: bool) -> Iterator[Finding]:
    """Yield for each quota what is taken, in use and allowed."""
    live = {each.part for each in standing(account) if each.standing is Standing.LIVE}
    for need in needs(account.settings):
        about = f"quota {need.quota}"
        quota = _quota(account, need)
        if quota is None:
            yield cannot_tell(about, "Service Quotas has none of this name", "look at it in the console")
            continue
        amount = 0.0 if need.stack in live else need.amount
        used = need.in_use(account) if need.in_use else _measured(account, quota.get("UsageMetric"))
        shown = "an unknown number" if used is None else f"{used:g}"
        room = f"{amount:g} needed, {shown} in use, {quota['Value']:g} allowed"
        if used is None and amount <= quota["Value"]:
            yield cannot_tell(about, room, "see in the console what is in use")
        elif (used or 0) + amount > quota["Value"]:
            yield fails(
                about,
                room,
                "ask AWS for more: aws service-quotas request-service-quota-increase "
                f"--service-code {need.service} --quota-code {quota['QuotaCode']} "
                f"--desired-value {math.ceil((used or 0) + amount)} --region {account.settings.region}",
            )
        else:
            yield ok(about, room)


def _need(
    service: str, quota: str, amount: float, in_use: Callable[[Account], float] | None, stack: str
) -> Need:
    return Need(service=service, quota=quota, amount=amount, in_use=in_use, stack=stack)


def _quota(account: Account, need: Need) -> dict[str, Any] | None:
    """Return the quota as it is for this account, else as it is for every account."""
    client = account.client("service-quotas")
    pages = client.get_paginator("list_aws_default_service_quotas").paginate(ServiceCode=need.service)
    for page in pages:
        for usual in page["Quotas"]:
            if usual["QuotaName"] == need.quota:
                try:
                    answer = client.get_service_quota(ServiceCode=need.service, QuotaCode=usual["QuotaCode"])
                except client.exceptions.NoSuchResourceException:
                    return dict(usual)
                return dict(answer["Quota"])
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

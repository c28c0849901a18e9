"""Rules between variables that are known before anything is deployed.

Each yields the name of a variable and the rule that its value breaks, as the words that follow the name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stacks.settings import broker_rules, network_rules
from stacks.settings.hosting import MEMORY_MIB
from stacks.settings.monitoring import BUDGET_REGIONS

if TYPE_CHECKING:
    from stacks.settings import Settings

Broken = Iterator[tuple[str, str]]

KEY_DAYS_MOST = 90
"""Of keys that sign for brokers on the internet: long-lived users are the exception there."""


def broken_by(settings: Settings) -> Broken:
    """Yield what is broken, what says most of the operator's mistake first."""
    yield from _pairs(settings)
    yield from network_rules.broken_by(settings)
    yield from broker_rules.broken_by(settings)
    yield from _hosting(settings)
    yield from _gateway(settings)
    yield from _monitoring(settings)
    yield from _numbers(settings)


def _pairs(settings: Settings) -> Broken:
    if settings.hosting == "fargate" and not settings.on_msk:
        yield (
            "hosting",
            "must be external when kafka=external, since such brokers know keys of IAM users and Fargate's"
            " tasks sign with a role",
        )
    if settings.credentials == "session" and not settings.on_msk:
        yield (
            "credentials",
            "must be iam-user when kafka=external, since sessions without a user are Amazon MSK's to check",
        )
    if settings.on_msk and settings.bootstrap_servers:
        yield "bootstrap_servers", f"must not be given with kafka={settings.kafka}, which has its own"
    if not settings.on_msk and not settings.bootstrap_servers:
        yield "bootstrap_servers", "must be given with kafka=external"
    if settings.in_fargate and settings.service_url:
        yield "service_url", "must not be given with hosting=fargate, which has its own"
    if not settings.in_fargate and not settings.service_url:
        yield "service_url", "must be given with hosting=external"


def _hosting(settings: Settings) -> Broken:
    if not settings.in_fargate:
        return
    offered = MEMORY_MIB[settings.service_cpu]
    if settings.service_memory_mib not in offered:
        yield (
            "service_memory_mib",
            f"must be from {offered[0]} to {offered[-1]} in steps that Fargate offers for"
            f" service_cpu={settings.service_cpu}",
        )
    if settings.service_replicas_most < settings.service_replicas:
        yield (
            "service_replicas_most",
            f"must be at least service_replicas ({settings.service_replicas})",
        )
    if "." in settings.image and f".ecr.{settings.region}." not in settings.image:
        yield "image", f"must be in the region of the stacks ({settings.region})"


def _gateway(settings: Settings) -> Broken:
    if settings.domain and not settings.certificate_arn:
        yield "certificate_arn", "must be given with domain"
    if settings.certificate_arn:
        if not settings.domain:
            yield "certificate_arn", "must not be given without domain"
        if settings.certificate_arn.split(":")[3] != settings.region:
            yield (
                "certificate_arn",
                f"must be of a certificate in the region of the stacks ({settings.region})",
            )
    if settings.hosted_zone_id and not settings.domain:
        yield "hosted_zone_id", "must not be given without domain"


def _monitoring(settings: Settings) -> Broken:
    if settings.budget_usd and settings.region not in BUDGET_REGIONS:
        yield (
            "budget_usd",
            f"must be 0 in {settings.region}, where CloudFormation makes no budget: a person makes it, in the"
            " console of the account that pays",
        )


def _numbers(settings: Settings) -> Broken:
    if 0 < settings.archive_infrequent_days < 30:
        yield "archive_infrequent_days", "must be 0 or at least 30, as S3 wants it"
    lasting = settings.on_msk and settings.credentials == "iam-user"
    if lasting and not 1 <= settings.key_days_most <= KEY_DAYS_MOST:
        yield (
            "key_days_most",
            f"must be from 1 to {KEY_DAYS_MOST} with credentials=iam-user and kafka={settings.kafka}",
        )
    if settings.key_days_most and settings.key_days_most <= settings.warning_days:
        yield (
            "key_days_most",
            f"must be 0 or more than warning_days ({settings.warning_days}), or a key's end is announced with"
            " the key",
        )

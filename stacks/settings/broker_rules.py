"""Rules of Amazon MSK."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from typing import TYPE_CHECKING

from stacks.settings import brokers

if TYPE_CHECKING:
    from stacks.settings import Settings

Broken = Iterator[tuple[str, str]]
_WIDEST = 8
"""Bits of the prefix of the largest network that one owner holds; who allows more allows strangers."""
_LEAST_GROWTH_GIB = 10
"""What MSK adds to a broker's storage at least."""


def broken_by(settings: Settings) -> Broken:
    """Yield the name of a variable and the rule that its value breaks."""
    if not settings.on_msk:
        if settings.msk_public_access:
            yield "msk_public_access", "must be false with kafka=external"
        return
    if settings.kafka != "msk-serverless":
        yield from _cluster(settings)
        yield from _copies(settings)
    elif settings.region not in brokers.SERVERLESS_REGIONS:
        yield "region", f"must be one of {', '.join(brokers.SERVERLESS_REGIONS)} with kafka=msk-serverless"
    if settings.kafka == "msk-standard":
        yield from _storage(settings)
    elif settings.broker_storage_most_gib or settings.tiered_storage:
        name = "tiered_storage" if settings.tiered_storage else "broker_storage_most_gib"
        yield name, f"must not be given with kafka={settings.kafka}, which has no storage to size"
    yield from _partitions(settings)
    yield from _public_access(settings)


def _cluster(settings: Settings) -> Broken:
    kafka, version, size = settings.kafka, settings.kafka_version, settings.broker_type
    if version not in brokers.VERSIONS[kafka]:
        yield "kafka_version", f"must be one of {', '.join(brokers.VERSIONS[kafka])} with kafka={kafka}"
    if size not in brokers.SIZES[kafka]:
        yield "broker_type", f"must be one of {', '.join(brokers.SIZES[kafka])} with kafka={kafka}"
    if size == "kafka.t3.small" and version.startswith("4."):
        yield "kafka_version", "must be below 4 with broker_type=kafka.t3.small, where nobody has seen it run"
    if settings.broker_count % settings.zones:
        yield "broker_count", f"must be a multiple of zones ({settings.zones})"
    if settings.broker_count > brokers.most_brokers(version):
        yield "broker_count", f"must be at most {brokers.most_brokers(version)} with kafka_version={version}"


def _copies(settings: Settings) -> Broken:
    if settings.kafka == "msk-express" and settings.replication_factor != 3:
        yield "replication_factor", "must be 3 with kafka=msk-express"
    if settings.kafka == "msk-express" and settings.min_insync_replicas != 2:
        yield "min_insync_replicas", "must be 2 with kafka=msk-express"
    if settings.replication_factor > settings.broker_count:
        yield "replication_factor", f"must be at most broker_count ({settings.broker_count})"
    if settings.min_insync_replicas >= settings.replication_factor:
        yield (
            "min_insync_replicas",
            f"must be below replication_factor ({settings.replication_factor}), or every patch of a broker"
            " stops writes",
        )


def _storage(settings: Settings) -> Broken:
    if 0 < settings.broker_storage_most_gib < settings.broker_storage_gib + _LEAST_GROWTH_GIB:
        yield (
            "broker_storage_most_gib",
            f"must be 0 or at least {_LEAST_GROWTH_GIB} more than broker_storage_gib"
            f" ({settings.broker_storage_gib}), since MSK adds no less",
        )
    if settings.tiered_storage and settings.broker_type == "kafka.t3.small":
        yield "tiered_storage", "must be false with broker_type=kafka.t3.small"


def _partitions(settings: Settings) -> Broken:
    held = brokers.partitions(
        settings.kafka,
        size=settings.broker_type,
        count=settings.broker_count,
        copies=settings.replication_factor,
    )
    for name in ("topic_partitions_most", "quota_partitions"):
        if getattr(settings, name) > held:
            yield name, f"must be at most {held}, what these brokers hold with every copy counted"


def _public_access(settings: Settings) -> Broken:
    named = f":{settings.region}:", f":cluster/{settings.cluster_name}/"
    if settings.msk_cluster_arn and not all(part in settings.msk_cluster_arn for part in named):
        yield "msk_cluster_arn", f"must be that of the cluster {settings.cluster_name} in {settings.region}"
    if settings.open_monitoring and settings.kafka == "msk-serverless":
        yield "open_monitoring", "must be false with kafka=msk-serverless, which has nothing to read there"
    if settings.open_monitoring and not settings.kafka_allowed_cidrs:
        yield "kafka_allowed_cidrs", "must be given with open_monitoring=true"
    wide = [each for each in settings.kafka_allowed_cidrs if ip_network(each).prefixlen < _WIDEST]
    if wide and not settings.kafka_open_reason:
        yield "kafka_open_reason", f"must be given with kafka_allowed_cidrs={wide[0]}, beyond a /{_WIDEST}"
    if not settings.msk_public_access:
        return
    if settings.kafka == "msk-serverless":
        yield "msk_public_access", "must be false with kafka=msk-serverless"
    if not settings.msk_cluster_arn:
        yield (
            "msk_cluster_arn",
            "must be given with msk_public_access=true, since a cluster must be there before it can be made"
            " public (deploy without it first, which prints the next command)",
        )
    if settings.broker_subnets != "public":
        yield "broker_subnets", "must be public with msk_public_access=true"
    if settings.open_monitoring:
        yield "open_monitoring", "must be false with msk_public_access=true"
    if not settings.kafka_allowed_cidrs:
        yield "kafka_allowed_cidrs", "must be given with msk_public_access=true"

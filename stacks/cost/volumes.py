"""How much of what a load is in a month: bytes and requests. All in GiB, requests and hours."""

from __future__ import annotations

from math import ceil

from stacks.cost.assumptions import (
    EXPRESS_MB_PER_SECOND,
    GIB,
    HOURS,
    LOCAL_TIER_HOURS,
    NAT_BYTES_PER_REQUEST,
    REQUEST_BYTES,
    SECONDS,
)
from stacks.cost.load import Load
from stacks.settings import Settings


def written(load: Load) -> float:
    """Return what is written, once."""
    return load.events_per_second * load.event_bytes * SECONDS / GIB


def consumed(load: Load) -> float:
    """Return what is read."""
    return written(load) * load.consumers


def kept(load: Load, hours: float) -> float:
    """Return one copy of what is written in ``hours``."""
    return load.events_per_second * load.event_bytes * hours * 3600 / GIB


def event_requests(load: Load) -> float:
    """Return HTTPS requests that carry events: each writes or reads one batch."""
    events = load.events_per_second * load.https_share * SECONDS
    return events / load.events_per_request * (1 + load.consumers)


def other_requests(load: Load) -> float:
    """Return all other HTTPS requests."""
    return load.users * load.requests_per_user * HOURS / 24


def requests(load: Load) -> float:
    """Return all HTTPS requests."""
    return event_requests(load) + other_requests(load)


def by_https(load: Load) -> float:
    """Return what goes through the gateway, in and out."""
    return (written(load) + consumed(load)) * load.https_share + 2 * other_requests(
        load
    ) * REQUEST_BYTES / GIB


def authorizer_calls(settings: Settings, load: Load) -> float:
    """Return the questions to the authorizer: one a user as often as the gateway forgets, at most."""
    if not settings.authorizer_cache_seconds:
        return requests(load)
    return min(requests(load), load.users * SECONDS / settings.authorizer_cache_seconds)


def between_zones(settings: Settings, load: Load) -> float:
    """Return what clients inside AWS, and the service's tasks, exchange with brokers of another zone.

    Copies among the brokers of MSK cost nothing. A partition's leader is in the client's zone once in as many
    times as there are zones. Source: Amazon MSK pricing.
    """
    elsewhere = (settings.zones - 1) / settings.zones
    by_kafka = (written(load) + consumed(load) * (1 - load.internet_share)) * (1 - load.https_share)
    by_tasks = (written(load) + consumed(load)) * load.https_share if settings.in_fargate else 0
    return (by_kafka + by_tasks) * elsewhere if settings.on_msk else 0


def egress(settings: Settings, load: Load) -> float:
    """Return what leaves AWS: what is read, replies, what the gateway passes on to a service elsewhere."""
    from_aws = 1 if settings.on_msk else load.https_share
    replies = other_requests(load) * REQUEST_BYTES / GIB
    passed_on = 0 if settings.in_fargate else written(load) * load.https_share + replies
    return consumed(load) * from_aws * load.internet_share + replies + passed_on


def through_nat(load: Load) -> float:
    """Return what the service exchanges with Globus and with those of AWS that have no gateway endpoint."""
    return requests(load) * NAT_BYTES_PER_REQUEST / GIB


def disk_needed(settings: Settings, load: Load) -> float:
    """Return what every copy on the disks of all standard brokers takes."""
    hours = min(load.retention_hours, LOCAL_TIER_HOURS) if settings.tiered_storage else load.retention_hours
    return kept(load, hours) * settings.replication_factor


def disk(settings: Settings, load: Load) -> int:
    """Return the storage of one standard broker: as set, or as it has grown to by itself."""
    least, most = settings.broker_storage_gib, settings.broker_storage_most_gib
    share = disk_needed(settings, load) / settings.broker_count
    return max(least, min(most, ceil(share * 100 / settings.broker_storage_percent)))


def fits(settings: Settings, load: Load) -> bool:
    """Say whether standard brokers have room for the load."""
    if settings.kafka != "msk-standard":
        return True
    return disk_needed(settings, load) <= disk(settings, load) * settings.broker_count


def brokers_needed(settings: Settings, load: Load) -> int:
    """Return the Express brokers of the chosen size that the load keeps busy, on the month's average."""
    taken, given = EXPRESS_MB_PER_SECOND[settings.broker_type.rpartition(".")[2]]
    written_mb = load.events_per_second * load.event_bytes / 1e6
    return ceil(max(written_mb / taken, written_mb * load.consumers / given))


def tiered(settings: Settings, load: Load) -> float:
    """Return what is older than brokers keep on their disks: one copy."""
    return kept(load, load.retention_hours) - kept(load, min(load.retention_hours, LOCAL_TIER_HOURS))

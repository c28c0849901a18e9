"""The web service in Fargate, its balancer and its image."""

from __future__ import annotations

from collections.abc import Iterator

from stacks.cost import volumes
from stacks.cost.assumptions import (
    BUILD_MINUTES,
    BUILDS,
    HOURS,
    IMAGE_GIB,
    IMAGES,
    REQUESTS_OF_A_CAPACITY_UNIT,
    SECONDS,
)
from stacks.cost.item import Item
from stacks.cost.load import Load
from stacks.settings import Settings

PART = "web service"


def items(settings: Settings, load: Load) -> Iterator[Item]:
    """Yield what a month of it takes; nothing where somebody else runs it."""
    if not settings.in_fargate:
        return
    spot = "-spot" if settings.service_spot else ""
    named = f"tasks in Fargate{' Spot' if spot else ''}"
    hours = load.tasks * HOURS
    yield Item(PART, f"{named}, CPU", hours * settings.service_cpu / 1024, f"fargate{spot}-vcpu")
    yield Item(PART, f"{named}, memory", hours * settings.service_memory_mib / 1024, f"fargate{spot}-memory")
    yield Item(PART, "internal load balancer", HOURS, "balancer")
    yield Item(PART, "its capacity units", _capacity_units(load) * HOURS, "balancer-capacity")
    if settings.image == "codebuild":
        yield Item(PART, "builds of the image", BUILDS * BUILD_MINUTES, "image-build")
        yield Item(PART, "images", IMAGES * IMAGE_GIB, "image-storage")


def _capacity_units(load: Load) -> float:
    """Return LCUs: of what a load balancer counts, that which is most.

    Source: Elastic Load Balancing pricing: 25 new connections a second, or 1 GB an hour.
    """
    by_connections = volumes.requests(load) / SECONDS / REQUESTS_OF_A_CAPACITY_UNIT
    return max(by_connections, volumes.by_https(load) / HOURS)

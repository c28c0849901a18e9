"""Brokers of Amazon MSK: by their size and storage, or by what goes through them."""

from __future__ import annotations

from collections.abc import Iterator

from stacks.cost import volumes
from stacks.cost.assumptions import HOURS
from stacks.cost.item import Item
from stacks.cost.load import Load
from stacks.settings import Settings

PART = "brokers"


def items(settings: Settings, load: Load) -> Iterator[Item]:
    """Yield what a month of them takes. Controllers and copies cost nothing beside them."""
    if not settings.on_msk:
        return
    if settings.kafka == "msk-serverless":
        yield from _serverless(load)
        return
    count, size = settings.broker_count, settings.broker_type
    yield Item(PART, f"{count} x {size}", count * HOURS, size)
    if settings.kafka == "msk-standard":
        yield Item(PART, "storage, as given", count * volumes.disk(settings, load), "broker-storage")
    else:
        yield Item(PART, "storage, as used", volumes.kept(load, load.retention_hours), "express-storage")
        yield Item(PART, "written", volumes.written(load), "express-ingest")
    if settings.tiered_storage:
        yield Item(PART, "tiered storage", volumes.tiered(settings, load), "tiered-storage")


def _serverless(load: Load) -> Iterator[Item]:
    yield Item(PART, "serverless cluster", HOURS, "serverless-cluster")
    yield Item(PART, "partitions", load.partitions * HOURS, "serverless-partition")
    yield Item(PART, "storage, as used", volumes.kept(load, load.retention_hours), "serverless-storage")
    yield Item(PART, "written", volumes.written(load), "serverless-in")
    yield Item(PART, "read", volumes.consumed(load), "serverless-out")

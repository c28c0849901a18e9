"""The heartbeat: an event a minute through everything that users go through."""

from __future__ import annotations

from collections.abc import Iterator

from stacks.cost.assumptions import (
    HEARTBEAT_GB_SECONDS,
    HEARTBEAT_REQUESTS,
    PARTS_OF_THE_STATUS,
    SECONDS,
)
from stacks.cost.item import Item
from stacks.cost.load import Load
from stacks.settings import Settings

PART = "heartbeat"
BEATS = SECONDS / 60
"""In a month."""
_MILLION = 1e6


def items(settings: Settings, load: Load) -> Iterator[Item]:
    """Yield what a month of it takes, whatever the load."""
    if settings.heartbeat_over_https:
        yield Item(
            PART, "requests of the heartbeat", BEATS * HEARTBEAT_REQUESTS / _MILLION, "gateway-requests"
        )
        if settings.in_fargate:
            yield Item(PART, "calls of its function", BEATS / _MILLION, "function-requests")
            yield Item(PART, "time of its function", BEATS * HEARTBEAT_GB_SECONDS, "function-time")
    yield Item(PART, "rows of the status", BEATS * PARTS_OF_THE_STATUS / _MILLION, "table-writes")

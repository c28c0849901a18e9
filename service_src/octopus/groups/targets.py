"""Where a group may be set to, as a person writes it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from octopus.errors import InvalidError


class Anchor(StrEnum):
    """What a target is counted from."""

    EARLIEST = "earliest"
    LATEST = "latest"
    TIMESTAMP = "timestamp"
    OFFSET = "offset"
    SHIFT = "shift"


@dataclass(frozen=True)
class Target:
    """Where each partition is to be set."""

    anchor: Anchor
    value: int = 0
    """Milliseconds since the epoch, an offset, or records by which to shift; without a meaning otherwise."""


@dataclass(frozen=True)
class Selection:
    """One topic of a group, or one partition of it."""

    topic: str
    partition: int | None = None


_OFFSET: Final = re.compile(r"[0-9]{1,18}", re.ASCII)
_SHIFT: Final = re.compile(r"[+-][0-9]{1,18}", re.ASCII)
_SELECTION: Final = re.compile(r"(?P<topic>[^:]+)(:(?P<partition>[0-9]{1,6}))?", re.ASCII)


def parse_target(text: str) -> Target:
    """The target that a person wrote: ``earliest``, ``latest``, a time, an offset, ``+n`` or ``-n``.

    A time is ISO-8601 (``2026-11-22T08:00``); one without a zone is UTC.

    Raises:
        InvalidError: it is none of these.
    """
    if text in (Anchor.EARLIEST, Anchor.LATEST):
        return Target(Anchor(text))
    if _OFFSET.fullmatch(text):
        return Target(Anchor.OFFSET, int(text))
    if _SHIFT.fullmatch(text):
        return Target(Anchor.SHIFT, int(text))
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidError(
            "to: must be earliest, latest, an offset such as 1200, a shift such as -100 or +100, or a time "
            f"such as 2026-11-22T08:00+00:00; received {text!r}"
        ) from None
    aware = time if time.tzinfo is not None else time.replace(tzinfo=UTC)
    return Target(Anchor.TIMESTAMP, int(aware.timestamp() * 1000))


def parse_selection(text: str) -> Selection:
    """``topic`` or ``topic:partition``.

    Raises:
        InvalidError: it is neither.
    """
    found = _SELECTION.fullmatch(text)
    if found is None:
        raise InvalidError(f"topic: must be TOPIC or TOPIC:PARTITION, received {text!r}")
    partition = found["partition"]
    return Selection(found["topic"], None if partition is None else int(partition))


def destination(target: Target, *, committed: int | None, bounds: tuple[int, int], found: int | None) -> int:
    """The offset of one partition, held between its first and its next one.

    Args:
        committed: what the group has committed; only a shift needs it.
        bounds: earliest and end offset of the partition.
        found: first offset at or after the target's time; None when every record is older.

    Raises:
        InvalidError: a shift of a partition in which nothing was committed.
    """
    earliest, end = bounds
    if target.anchor is Anchor.SHIFT and committed is None:
        raise InvalidError("to: a shift counts from the committed offset, and this partition has none")
    offsets: Mapping[Anchor, int] = {
        Anchor.EARLIEST: earliest,
        Anchor.LATEST: end,
        Anchor.TIMESTAMP: end if found is None else found,
        Anchor.OFFSET: target.value,
        Anchor.SHIFT: (committed or 0) + target.value,
    }
    return min(max(offsets[target.anchor], earliest), end)

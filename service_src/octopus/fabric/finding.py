"""What the heartbeat of this machine found last, and which of its processes is probably the cause."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from octopus.fabric.processes import EMULATOR, GLOBUS, HEARTBEAT, JUDGE, SERVICE, heartbeat_file
from octopus.fabric.settings import FabricSettings
from octopus.heartbeat import report
from octopus.heartbeat.report import Away
from octopus.status.models import UNSEEN, Part

if TYPE_CHECKING:
    from octopus.fabric.service import ProcessStatus


@dataclass(frozen=True, kw_only=True)
class Broken:
    """A path that does not work."""

    part: Part
    since: datetime
    """UTC."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One round of the heartbeat."""

    checked: datetime
    """UTC; where the process that runs has not looked at all, when it began."""
    silent: bool
    """Whether that is too long ago to say how anything stands: whoever looks hangs."""
    broken: list[Broken]
    probably: list[str]
    """Names of processes that did not answer; empty where all did."""


def finding(
    settings: FabricSettings, processes: Iterable[ProcessStatus], *, clock: Callable[[], float] = time.time
) -> Finding | None:
    """What was found last; None while nobody looks, or before the first look of the process that runs.

    Args:
        processes: as they are now.
        clock: seconds since the epoch.
    """
    found = report.read(heartbeat_file(settings))
    since = next((process.since for process in processes if process.name == HEARTBEAT), None)
    if since is None:
        return None
    unseen_since = datetime.fromtimestamp(clock(), UTC) - UNSEEN
    if found is None or found.checked < since:
        return None if since > unseen_since else Finding(checked=since, silent=True, broken=[], probably=[])
    return Finding(
        checked=found.checked,
        silent=found.checked < unseen_since,
        broken=[Broken(part=part, since=since) for part, since in found.broken.items()],
        probably=[name for away in found.away for name in _processes(settings, away)],
    )


def _processes(settings: FabricSettings, away: Away) -> Iterator[str]:
    match away:
        case Away.AWS:
            yield EMULATOR
        case Away.BROKERS:
            yield from (node.name for node in settings.nodes)
        case Away.JUDGE:
            yield JUDGE
        case Away.SERVICE:
            yield SERVICE
        case Away.GLOBUS if settings.stand_in:
            yield GLOBUS

"""What the heartbeat's process found last, in a file: for whoever cannot ask the service."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from octopus.status.models import Part


class Away(StrEnum):
    """What gave no answer when it was asked itself: the probable cause of what does not work."""

    AWS = "aws"
    BROKERS = "brokers"
    JUDGE = "judge"
    SERVICE = "service"
    GLOBUS = "globus"


@dataclass(frozen=True, kw_only=True)
class Stand:
    """How one part was found."""

    works: bool
    since: datetime
    """UTC; when it was first found so, without a break."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """One round."""

    round: int
    """Number of this round, from 1 when the process began."""
    checked: datetime
    """UTC; its end."""
    parts: Mapping[Part, Stand]
    away: tuple[Away, ...]

    @property
    def broken(self) -> dict[Part, datetime]:
        """Parts that do not work, and since when."""
        return {part: stand.since for part, stand in self.parts.items() if not stand.works}


def write(path: Path, report: Report) -> None:
    """Put a report in the place of the one before, all at once.

    Raises:
        OSError: it cannot be written there.
    """
    body = {
        "round": report.round,
        "checked": report.checked.isoformat(timespec="milliseconds"),
        "parts": {
            part: {"works": stand.works, "since": stand.since.isoformat(timespec="milliseconds")}
            for part, stand in report.parts.items()
        },
        "away": list(report.away),
    }
    aside = path.with_suffix(".new")
    with aside.open("w") as file:
        file.write(json.dumps(body, indent=2) + "\n")
        file.flush()
        os.fsync(file.fileno())  # else a power cut may leave an empty file under the name
    aside.replace(path)


def read(path: Path) -> Report | None:
    """The last report; None where none can be read: what is there may be cut off, or another release's."""
    try:
        body = json.loads(path.read_text())
        return Report(
            round=body["round"],
            checked=datetime.fromisoformat(body["checked"]),
            parts={
                Part(part): Stand(works=stand["works"], since=datetime.fromisoformat(stand["since"]))
                for part, stand in body["parts"].items()
            },
            away=tuple(map(Away, body["away"])),
        )
    except (FileNotFoundError, ValueError, LookupError, TypeError, AttributeError):
        return None

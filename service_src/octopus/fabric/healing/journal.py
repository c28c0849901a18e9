"""What the web service logged after the state that was put back."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from typing import Any

from octopus.fabric.settings import FabricSettings

Entry = dict[str, Any]
"""One line of the log."""

_MATTERS = {
    "account": "subject",
    "grant": "namespace",
    "identity": "subject",
    "key": "subject",
    "namespace": "subject",
    "project": "namespace",
    "topic": "subject",
}
"""First words of the events that are looked at, each with the field that they all have."""


def read_journal(settings: FabricSettings, *, since: datetime.datetime | None) -> Iterator[Entry]:
    """What was logged of accounts, keys, projects and rights after ``since``, in order."""
    folder = settings.home / "log"
    rotated = sorted(folder.glob("service.log.[0-9]*"), key=lambda path: int(path.suffix[1:]), reverse=True)
    for path in [*rotated, folder / "service.log"]:
        if not path.exists():
            continue
        for line in path.read_text(errors="replace").splitlines():
            try:
                entry = json.loads(line)
                time = datetime.datetime.fromisoformat(entry["time"])
            except (ValueError, KeyError, TypeError):
                continue  # not a line of our own
            field = _MATTERS.get(str(entry.get("event", "")).split(".")[0])
            if field in entry and (since is None or time > since):
                yield entry

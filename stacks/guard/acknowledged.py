"""Changes that are known and meant, for a while: ``releases/acknowledged.toml``."""

from __future__ import annotations

import datetime
import tomllib
from dataclasses import dataclass
from pathlib import Path

from stacks.guard.changes import Change, Kind

LONGEST_DAYS = 90
"""For which a change may be acknowledged: by then it is released, or somebody looks again."""


class AcknowledgementError(ValueError):
    """The file breaks a rule; the message says which line of it, and how."""


@dataclass(frozen=True)
class Acknowledgement:
    """One change that may pass until a day."""

    kind: Kind
    resource: str
    what: str
    """What of the resource; beside it anything else is a change of its own."""
    reason: str
    until: datetime.date
    """The last day on which it passes."""

    def covers(self, change: Change) -> bool:
        """Return whether it is of that change."""
        return (self.kind, self.resource, self.what) == (change.kind, change.resource, change.what)


def read(path: Path, *, today: datetime.date) -> list[Acknowledgement]:
    """Return the acknowledgements of a file; none where there is no file.

    Raises:
        AcknowledgementError: one lacks something, has no reason, or is for longer than 90 days.
    """
    if not path.exists():
        return []
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise AcknowledgementError(f"{path.name}: {error}") from None
    return [
        _read(one, f"{path.name}, change {number}", today)
        for number, one in enumerate(written.get("change", []), 1)
    ]


def _read(one: dict[str, object], where: str, today: datetime.date) -> Acknowledgement:
    fields = {"kind", "resource", "what", "reason", "until"}
    if one.keys() != fields:
        raise AcknowledgementError(f"{where} must have {', '.join(sorted(fields))} and nothing else.")
    kind, until, reason = one["kind"], one["until"], str(one["reason"]).strip()
    if kind not in list(Kind):
        raise AcknowledgementError(f"{where}: kind must be one of {', '.join(Kind)}, not {kind!r}.")
    if not reason:
        raise AcknowledgementError(f"{where}: reason must say why the change may pass.")
    if not isinstance(until, datetime.date) or isinstance(until, datetime.datetime):
        raise AcknowledgementError(f"{where}: until must be a date such as {today}, without quotes.")
    if until > today + datetime.timedelta(days=LONGEST_DAYS):
        raise AcknowledgementError(f"{where}: until must be within {LONGEST_DAYS} days, not {until}.")
    return Acknowledgement(Kind(str(kind)), str(one["resource"]), str(one["what"]), reason, until)

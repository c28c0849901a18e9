"""Ends that people name."""

from __future__ import annotations

from datetime import UTC, datetime

from octopus.errors import InvalidError
from octopus.times import shown

_LAST_YEAR = 9998
"""Not the calendar's last one: in every zone there is such a time, and some may be added to it."""


def require_future(field: str, moment: datetime, now: datetime) -> None:
    """Hold an end to being still to come, and in a year that can be counted with.

    Raises:
        InvalidError: it is over, or too far away; names the field.
    """
    if moment <= now:
        raise InvalidError(f"{field}: must be later than now, {shown(now)}, received {shown(moment)}")
    if moment.astimezone(UTC).year > _LAST_YEAR:
        raise InvalidError(
            f"{field}: must be in a year up to {_LAST_YEAR} in UTC, or left out for no end; "
            f"received {shown(moment)}"
        )

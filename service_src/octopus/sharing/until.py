"""Ends that people name."""

from __future__ import annotations

from datetime import datetime

from octopus.errors import InvalidError
from octopus.times import shown


def require_future(field: str, moment: datetime, now: datetime) -> None:
    """Hold an end to being still to come.

    Raises:
        InvalidError: it is over; names the field.
    """
    if moment <= now:
        raise InvalidError(f"{field}: must be later than now, {shown(now)}, received {shown(moment)}")

"""Ends that people name."""

from __future__ import annotations

from datetime import UTC, datetime

from octopus.errors import InvalidError


def require_future(field: str, moment: datetime, now: datetime) -> None:
    """Hold an end to being still to come.

    Raises:
        InvalidError: it is over; names the field.
    """
    if moment <= now:
        received = moment.astimezone(UTC).isoformat(timespec="seconds")
        raise InvalidError(
            f"{field}: must be later than now, {now.isoformat(timespec='seconds')}; received {received}"
        )

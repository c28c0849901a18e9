"""Times of requests and replies: any zone coming in; UTC, whole seconds and ``Z`` going out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime


def _whole_second(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        raise ValueError("must be a time of the years 1 to 9999 in UTC") from None


Moment = Annotated[AwareDatetime, AfterValidator(_whole_second)]
"""The one type of a time in a request or a reply: ``2027-03-31T22:00:00Z`` in JSON."""


def shown(moment: datetime) -> str:
    """The time as JSON has it, for sentences and headers."""
    return _whole_second(moment).isoformat().replace("+00:00", "Z")

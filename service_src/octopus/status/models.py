"""Which parts of a fabric work, as its heartbeat finds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from octopus.times import Moment

UNSEEN = timedelta(minutes=3)
"""A part that nobody looked at for so long may stand in any way."""


class Part(StrEnum):
    """A path through the fabric, in the words of those who use it."""

    LOGIN = "login"
    """Tokens of Globus Auth are taken."""
    MANAGEMENT = "management"
    """Topics, keys, projects and grants can be asked for and changed."""
    KAFKA_SIGN_IN = "kafka-sign-in"
    """A Kafka client gets in with its key."""
    PRODUCE = "produce"
    """A record is acknowledged by every in-sync replica."""
    CONSUME = "consume"
    """A record that was acknowledged is read."""
    HTTPS = "https"
    """Public records are read through the fabric's public address."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How one part stands."""

    part: Part
    works: bool
    since: datetime
    """UTC; when it was first found so, without a break."""
    checked: datetime
    """UTC; when it was last looked at."""
    worked: datetime | None = None
    """UTC; when it was last found to work, if it ever was."""


class PartReply(BaseModel):
    """How one part stands, for everybody."""

    part: Part
    works: bool | None = Field(description="Null: nobody has looked for three minutes, or ever.")
    since: Moment | None = Field(description="When it was first found so, without a break.")
    checked: Moment | None = Field(description="When it was last looked at. Null: nobody looks at it here.")


class StatusReply(BaseModel):
    """What of the fabric works now."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "success",
                "message": "Does not work: https",
                "overall": "degraded",
                "heartbeat": "2027-03-31T22:04:00Z",
                "parts": [
                    {
                        "part": "consume",
                        "works": True,
                        "since": "2027-03-02T08:15:00Z",
                        "checked": "2027-03-31T22:04:00Z",
                    },
                    {
                        "part": "https",
                        "works": False,
                        "since": "2027-03-31T21:57:00Z",
                        "checked": "2027-03-31T22:04:00Z",
                    },
                ],
            }
        }
    )

    status: Literal["success"] = "success"
    message: str
    overall: Literal["ok", "degraded", "down"] = Field(
        description="`ok`: every part that is looked at works. `down`: no event goes in and none comes out."
    )
    heartbeat: Moment | None = Field(
        description="When an event of `octopus.heartbeat` was last produced and consumed. Null: never."
    )
    parts: list[PartReply]

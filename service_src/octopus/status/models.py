"""Which parts of a fabric work, as its heartbeat finds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


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

"""What ends a rehearsal."""

from __future__ import annotations


class RehearsalError(Exception):
    """It cannot be made, or something was lost; the message says what."""

"""Times as people write them and read them; without a zone they are UTC."""

from __future__ import annotations

from datetime import UTC, datetime

import typer


def moment(text: str) -> str:
    """A time that a person wrote, as requests have it; a time without a zone is UTC, a date its first moment.

    Raises:
        typer.BadParameter: it is no time.
    """
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"a time is written 2027-04-01 or 2027-04-01T12:00+02:00; received {text!r}"
        ) from None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).isoformat()


def shown_minute(text: str | None, *, missing: str = "-") -> str:
    """A time of a reply, for a table."""
    return text[:16].replace("T", " ") if text else missing


def shown_second(text: str) -> str:
    """A time of a reply, for a list in which the order of events matters."""
    return text[:19].replace("T", " ")

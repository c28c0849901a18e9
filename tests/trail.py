"""What tests read of the audit."""

from __future__ import annotations

from typing import Any

from octopus.audit.events import Event
from octopus.audit.trail import OUTBOX, from_json
from octopus.registry.reading import rows_of


def recorded(database: Any, table: str) -> list[Event]:
    """Every event of a registry that was not published yet, oldest first."""
    return [from_json(row["event"]["S"]) for row in rows_of(database, table, OUTBOX)]

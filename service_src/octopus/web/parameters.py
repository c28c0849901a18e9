"""Parameters that routes of several features take."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

MOST_ENTRIES = 1000

Limit = Annotated[int, Query(ge=1, le=MOST_ENTRIES, description="The most entries of one reply.")]
After = Annotated[
    str | None, Query(max_length=400, description="`next` of the reply before: what comes after that entry.")
]
DryRun = Annotated[bool, Query(description="Say what would be done, and do nothing.")]

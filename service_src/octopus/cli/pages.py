"""Lists that the web service gives a page at a time, whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from octopus.cli.session import Session

_A_PAGE = 1000


def read_all(
    session: Session, path: str, field: str, query: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """Every entry of a list.

    Args:
        path: of the list, below ``/api/v3/``.
        field: of the reply, that holds the entries.
        query: further parameters.
    """
    entries: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    while True:
        asked = urlencode({**(query or {}), "limit": str(_A_PAGE), **after})
        reply = session.call("GET", f"{path}?{asked}")
        entries += reply[field]
        if reply["next"] is None:
            return entries
        after = {"after": reply["next"]}

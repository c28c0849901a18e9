"""HTTP of what a fabric says of itself: no token, since whoever asks is about to get one."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from octopus.about.models import AboutFabric
from octopus.about.service import describe
from octopus.web.errors import DOCUMENTED

_ERRORS: dict[int | str, dict[str, Any]] = {
    status: reply for status, reply in DOCUMENTED.items() if status in (422, 500, 503)
}

router = APIRouter(prefix="/api/v3/public", tags=["Public"], responses=_ERRORS)


@router.get("/about", summary="What to know before logging in")
def read_about(request: Request, response: Response) -> AboutFabric:
    """Where and with which scope to log in, and what Kafka clients sign with: no secret."""
    # Any page may read it.
    response.headers["Access-Control-Allow-Origin"] = "*"
    return describe(request.app.state.settings)

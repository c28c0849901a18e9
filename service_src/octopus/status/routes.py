"""HTTP of what works now: no token, since whoever asks may not be able to get one."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from octopus.status.models import StatusReply
from octopus.status.service import KEPT_S, FabricStatus
from octopus.web.errors import DOCUMENTED

_ERRORS: dict[int | str, dict[str, Any]] = {
    status: reply for status, reply in DOCUMENTED.items() if status in (422, 429, 500, 503)
}

router = APIRouter(prefix="/api/v3", tags=["Public"], responses=_ERRORS)


@router.get("/status", summary="What of the fabric works now")
async def read_status(request: Request, response: Response) -> StatusReply:
    """Which paths of users work and since when, without a token. Each is tried once a minute; a part that
    nobody looked at for three minutes is not known. Everybody together may ask a few times a second."""
    status: FabricStatus = request.app.state.status
    # Any page may read it.
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = f"public, max-age={KEPT_S:.0f}"
    return await status.read()

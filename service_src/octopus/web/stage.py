"""The gateway's stage, which stands before every path that comes through its link into a VPC."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

STAGE = "live"
"""Name of the gateway's only stage."""
_BEFORE = f"/{STAGE}"


class WithoutStage:
    """Takes the stage from the front of a path: ``/live/api/v3/user`` is ``/api/v3/user``.

    No path of the service begins like it, and over the internet the gateway does not send it.
    Source: API Gateway Developer Guide, "Private integrations for REST APIs".
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection event of the server."""
        if scope["type"] == "http" and scope["path"].startswith(f"{_BEFORE}/"):
            raw = (scope.get("raw_path") or b"").removeprefix(_BEFORE.encode())
            scope = {**scope, "path": scope["path"].removeprefix(_BEFORE), "raw_path": raw}
        await self._app(scope, receive, send)

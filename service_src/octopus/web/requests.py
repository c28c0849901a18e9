"""Requests followed from end to end: an id each, one line in the log each, and bodies of bounded size.

Plain ASGI, so that nothing is buffered and context variables reach the handlers' threads.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Mapping

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from octopus.metrics.instruments import Instruments
from octopus.web.errors import too_large, unexpected

REQUEST_ID = "X-Request-Id"
LARGEST_BODY = 16 * 1024
"""Bytes; the management routes read a few hundred at most."""

HEALTH = "/health"
"""Where nobody asks but whoever watches: such requests are no metric."""
_SHORT_OF: Mapping[int, str] = {
    401: "RequestsRefused",
    403: "RequestsRefused",
    429: "RequestsThrottled",
    500: "RequestsFailed",
    503: "RequestsUnavailable",
}
"""By status, the metric of requests that did not get what they asked for."""

_WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{1,128}", re.ASCII)

_log = structlog.get_logger("octopus.access")


class FollowedRequests:
    """Gives every request its id, answers what nobody caught, and logs and counts it when it has ended."""

    def __init__(self, app: ASGIApp, instruments: Instruments) -> None:
        self._app = app
        self._instruments = instruments

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection event of the server."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(Headers(scope=scope).get(REQUEST_ID))
        started = time.perf_counter()
        status = 0

        async def with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID] = request_id
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, with_id)
            except Exception:  # noqa: BLE001 - the last line of defence: whatever it is, the caller gets a reply
                _log.exception("request.broke")
                if status == 0:
                    await unexpected()(scope, receive, with_id)
            finally:
                seconds = time.perf_counter() - started
                self._count(scope, status, seconds)
                _log.info(
                    "request",
                    method=scope["method"],
                    route=_route(scope),
                    status=status,
                    ms=round(seconds * 1000, 1),
                    subject=scope.get("octopus.subject"),
                )

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        # Nothing was answered to a caller who left before.
        if status == 0 or scope["path"].startswith(HEALTH):
            return
        self._instruments.count("Requests")
        self._instruments.time("RequestSeconds", seconds)
        if status in _SHORT_OF:
            self._instruments.count(_SHORT_OF[status])


class BoundedBodies:
    """Refuses bodies over a limit before anything else reads them."""

    def __init__(self, app: ASGIApp, most_bytes: int = LARGEST_BODY) -> None:
        self._app = app
        self._most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection event of the server."""
        if scope["type"] != "http" or not _has_body(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        body = b""
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > self._most_bytes or _announced(Headers(scope=scope)) > self._most_bytes:
                await too_large(self._most_bytes)(scope, receive, send)
                return

        handed_over = False

        async def read() -> Message:
            nonlocal handed_over
            if handed_over:
                return await receive()
            handed_over = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, read, send)


def _has_body(headers: Headers) -> bool:
    return "transfer-encoding" in headers or _announced(headers) > 0


def _announced(headers: Headers) -> int:
    length = headers.get("content-length", "0")
    return int(length) if length.isdecimal() else 0


def _request_id(received: str | None) -> str:
    if received is not None and _WELL_FORMED.fullmatch(received):
        return received
    return uuid.uuid4().hex


def _route(scope: Scope) -> str | None:
    # The template, not the path: a path may hold anything that a caller types, and logs are grouped by it.
    return getattr(scope.get("route"), "path", None)

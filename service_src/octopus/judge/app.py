"""The judge over HTTP, bare ASGI: three paths, JSON, one shared secret."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any

import msgspec

from octopus.judge.models import PoliciesRequest, VerifyRequest
from octopus.judge.service import Judge

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

LONGEST_BODY = 8 * 1024 * 1024
"""Bytes: a refresh of tens of thousands of principals."""

_VERIFY = msgspec.json.Decoder(VerifyRequest)
_POLICIES = msgspec.json.Decoder(PoliciesRequest)


class _Refusal(Exception):  # noqa: N818 - an answer, not an error of this process
    def __init__(self, status: HTTPStatus, reason: str = "") -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class JudgeApp:
    """The ASGI application."""

    def __init__(self, judge: Judge, *, secret: str) -> None:
        self._judge = judge
        self._authorization = f"Bearer {secret}".encode()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        try:
            status, body = HTTPStatus.OK, await self._answer(scope, receive)
        except _Refusal as refusal:
            status = refusal.status
            body = msgspec.json.encode({"reason": refusal.reason}) if refusal.reason else b""
        headers = [(b"content-length", str(len(body)).encode())]
        if body:
            headers.append((b"content-type", b"application/json"))
        await send({"type": "http.response.start", "status": int(status), "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Message, receive: Receive) -> bytes:
        route: tuple[str, str] = (scope["method"], scope["path"])
        if route == ("GET", "/health"):
            return msgspec.json.encode({"status": "ok"})
        given: list[bytes] = [value for name, value in scope["headers"] if name == b"authorization"]
        if len(given) != 1 or not hmac.compare_digest(given[0], self._authorization):
            raise _Refusal(HTTPStatus.UNAUTHORIZED)
        if route not in (("POST", "/verify"), ("POST", "/policies")):
            raise _Refusal(HTTPStatus.NOT_FOUND, "there are POST /verify, POST /policies and GET /health")
        body = await _body(receive)
        try:
            if route[1] == "/verify":
                return msgspec.json.encode(await self._judge.verify(_VERIFY.decode(body)))
            return msgspec.json.encode(await self._judge.policies(_POLICIES.decode(body)))
        except msgspec.MsgspecError as error:
            raise _Refusal(HTTPStatus.BAD_REQUEST, str(error)) from error


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Refusal(HTTPStatus.BAD_REQUEST)
        body.extend(message.get("body", b""))
        if len(body) > LONGEST_BODY:
            raise _Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body has at most {LONGEST_BODY} bytes")
        if not message.get("more_body"):
            return bytes(body)

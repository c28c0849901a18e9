"""The fabric as this machine's programs see it: what they send goes there as the person's own."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from octopus.connect import addresses, headers
from octopus.connect.callers import OwnCallers
from octopus.connect.errors import BrokenOffError, NoAnswerError
from octopus.connect.login import Person
from octopus.connect.replies import refusal
from octopus.connect.token import FabricToken
from octopus.errors import (
    ForbiddenError,
    InvalidError,
    NotAuthenticatedError,
    OctopusError,
    UnavailableError,
)

QUIET_S = 90.0
"""Longer than the fabric keeps silent: its gateway gives up after 29 s, and streams have heartbeats."""
CONNECT_S = 10.0

_log = structlog.get_logger(__name__)


def open_client() -> httpx.AsyncClient:
    """Connections to the fabric, kept alive; the caller closes it."""
    return httpx.AsyncClient(timeout=httpx.Timeout(QUIET_S, connect=CONNECT_S, pool=CONNECT_S))


class Proxy:
    """An ASGI application that passes every request of somebody let in on to the fabric.

    Args:
        client: to the fabric.
        fabric_url: without a slash at its end.
        person: whose token goes there.
        token: that token.
        is_let_in: whether a text is a token that was given out on this machine.
        callers: who may speak here at all.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        fabric_url: str,
        person: Person,
        token: FabricToken,
        is_let_in: Callable[[str], bool],
        callers: OwnCallers,
    ) -> None:
        self._client = client
        self._fabric = httpx.URL(fabric_url)
        self._where = f"{self._fabric.scheme}://{self._fabric.netloc.decode()}"
        self._person = person
        self._token = token
        self._is_let_in = is_let_in
        self._callers = callers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            own = self._callers.check(request.headers)
            authorization = await run_in_threadpool(self._authorization, request)
            reply = await self._ask(request, authorization)
        except OctopusError as error:
            await refusal(error)(scope, receive, send)
            return
        except ClientDisconnect:
            return
        try:
            if reply.status_code == httpx.codes.UNAUTHORIZED:
                await run_in_threadpool(self._token.refused, authorization)
            answer = await self._answer(request, reply, own)
            await answer(scope, receive, send)
        except BrokenOffError as error:
            await refusal(error)(scope, receive, send)
        except httpx.HTTPError as error:
            # The reply is cut short, and the server closes the connection, so that the caller sees that.
            _log.warning("connect.reply_broke_off", reason=type(error).__name__)
        finally:
            await reply.aclose()

    def _authorization(self, request: Request) -> str:
        """The person's own header, for a caller who was let in."""
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not self._is_let_in(text.strip()):
            raise NotAuthenticatedError(
                "The token is not one that the `octopus connect` of this machine gave out, or it has ended"
            )
        subject = request.headers.get("subject")
        if subject is not None and subject.lower() != self._person.subject:
            raise ForbiddenError("Token does not belong to the user.")
        return self._token.header()

    async def _ask(self, request: Request, authorization: str) -> httpx.Response:
        has_body = "transfer-encoding" in request.headers or request.headers.get("content-length", "0") != "0"
        asked = httpx.Request(
            request.method,
            self._target(request),
            headers=headers.to_fabric(request.headers.raw, authorization=authorization),
            content=request.stream() if has_body else None,
        )
        try:
            return await self._client.send(asked, stream=True)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
            raise UnavailableError(
                f"{self._where} does not answer, and nothing was sent: try again"
            ) from error
        except httpx.TimeoutException as error:
            raise NoAnswerError(
                f"{self._where} took the request and did not answer in time: it may have been done"
            ) from error
        except httpx.TransportError as error:
            raise self._broken_off() from error

    def _broken_off(self) -> BrokenOffError:
        return BrokenOffError(
            f"The connection to {self._where} broke off after the request was sent: it may have been done"
        )

    def _target(self, request: Request) -> httpx.URL:
        """The same path and query there, byte for byte as the caller encoded them."""
        path = request.scope["raw_path"] or b"/"
        query = request.scope["query_string"]
        target = self._fabric.raw_path.rstrip(b"/") + path + (b"?" + query if query else b"")
        if not path.startswith(b"/") or not target.isascii():
            raise InvalidError("path: must begin with a slash and be percent-encoded")
        return self._fabric.copy_with(raw_path=target)

    async def _answer(self, request: Request, reply: httpx.Response, own: str) -> Response:
        passed = headers.to_caller(reply.headers.raw)
        path = request.scope["raw_path"].decode("latin-1")
        if reply.is_success and addresses.holds_address(request.method, path):
            try:
                body = addresses.localised(await reply.aread(), own)
            except httpx.HTTPError as error:
                raise self._broken_off() from error
            answer = Response(body, reply.status_code)
            sized = (b"content-length", str(len(body)).encode())
            passed = [each for each in passed if each[0] not in (b"content-length", b"content-encoding")]
            answer.raw_headers = [*passed, sized]
            return answer
        streamed = StreamingResponse(reply.aiter_raw(), reply.status_code)
        streamed.raw_headers = passed
        return streamed

"""A fabric far away, reduced to what a proxy can get wrong: it says what it got, and breaks on demand."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from octopus.about.models import AboutFabric
from octopus.globus.clients import CLI_CLIENT_ID
from octopus.identity.scopes import action_all
from tests.patience import PATIENCE_S

CLIENT_ID = "2b9d2f5c-fa32-45b5-875b-b24cd343b917"
"""The one that the stand-in of Globus Auth in tests knows."""


class Institution:
    """The fabric behind ``https://octopus.lab.example/live``, as it would be if it were not on loopback."""

    def __init__(self, auth_url: str) -> None:
        self.about = AboutFabric(
            message="",
            globus_auth_url=auth_url,
            globus_client_id=CLIENT_ID,
            globus_scope=action_all(CLIENT_ID),
            cli_client_id=CLI_CLIENT_ID,
            kafka_regions=["us-gov-west-1"],
            credentials="iam-user",
        )
        self.refuses: set[str] = set()
        """``Authorization`` headers that it takes no more."""
        self.received: list[str] = []
        """Those that came."""
        self.stream_goes_on = threading.Event()
        self.stream_ended = threading.Event()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"http://localhost:{self.port}/live"
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to listen."""
        app = Starlette(
            routes=[
                Route("/live/api/v3/public/about", self._about),
                Route("/live/api/v3/stream", self._stream),
                Route("/live/api/v3/cut", self._cut),
                Route("/live/api/v2/consumers/{group}", self._consumer, methods=["POST"]),
                Route(
                    "/live/{path:path}", self._echo, methods=["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]
                ),
            ]
        )
        config = uvicorn.Config(
            app,
            host="127.0.0.1",
            port=self.port,
            log_config=None,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        listener = config.bind_socket()
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]})
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        if self._server is not None and self._thread is not None:
            self.stream_goes_on.set()
            self._server.should_exit = True
            self._thread.join(timeout=PATIENCE_S)
            self._server = self._thread = None

    async def _about(self, _request: Request) -> Response:
        return JSONResponse(self.about.model_dump())

    async def _echo(self, request: Request) -> Response:
        authorization = request.headers.get("authorization", "")
        self.received.append(authorization)
        if authorization in self.refuses:
            return JSONResponse({"status": "error", "error_code": 401, "message": "Token is inactive."}, 401)
        body = {
            "method": request.method,
            "target": request.scope["raw_path"].decode() + "?" + request.url.query,
            "headers": [[name.decode(), value.decode()] for name, value in request.headers.raw],
            "body": (await request.body()).decode(),
        }
        told = {"X-Request-Id": "r-1", "Set-Cookie": "a=b", "Connection": "X-Hop", "X-Hop": "1"}
        return JSONResponse(body, int(request.query_params.get("status", "200")), told)

    async def _consumer(self, _request: Request) -> Response:
        inside = f"https://api.lab.example/live{'/api/v2/consumers/g/instances/one'}"
        return JSONResponse({"instance_id": "one", "base_uri": inside})

    async def _stream(self, _request: Request) -> Response:
        async def events() -> AsyncIterator[bytes]:
            try:
                yield b"data: 1\n\n"
                while not self.stream_goes_on.is_set():
                    await asyncio.sleep(0.02)
                yield b"data: 2\n\n"
            finally:
                self.stream_ended.set()

        return StreamingResponse(events(), media_type="text/event-stream")

    async def _cut(self, _request: Request) -> Response:
        async def half() -> AsyncIterator[bytes]:
            yield b"12345"

        return StreamingResponse(half(), headers={"Content-Length": "10"})


@contextmanager
def running(auth_url: str) -> Iterator[Institution]:
    """An institution that listens."""
    institution = Institution(auth_url)
    institution.start()
    try:
        yield institution
    finally:
        institution.stop()

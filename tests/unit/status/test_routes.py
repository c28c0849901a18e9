"""The status over HTTP."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import httpx
from fastapi import FastAPI

from octopus.errors import OverLimitError
from octopus.status import routes
from octopus.status.models import StatusReply
from octopus.web import errors


def asked(status: object) -> httpx.Response:
    app = FastAPI()
    app.include_router(routes.router)
    app.state.status = status
    errors.install(app)

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://octopus.example") as client:
            return await client.get("/api/v3/status", headers={"Origin": "https://anywhere.example"})

    return asyncio.run(send())


def test_any_page_may_read_it_and_whoever_is_between_may_keep_it_for_seconds() -> None:
    told = StatusReply(message="Everything works", overall="ok", heartbeat=None, parts=[])

    async def read() -> StatusReply:
        return told

    reply = asked(SimpleNamespace(read=read))

    assert (reply.status_code, reply.json()) == (200, told.model_dump(mode="json"))
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert reply.headers["Cache-Control"] == "public, max-age=5"


def test_too_many_are_told_when_to_come_again() -> None:
    async def read() -> StatusReply:
        raise OverLimitError("status: at most 20 requests a second", retry_after_s=1)

    reply = asked(SimpleNamespace(read=read))

    assert (reply.status_code, reply.headers["Retry-After"]) == (429, "1")
    assert reply.json()["error_code"] == 429

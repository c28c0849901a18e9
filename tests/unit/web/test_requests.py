"""Every request has an id, one line in the log, a bounded body, and an answer in one shape."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from http import HTTPStatus
from typing import Any

import httpx
import pytest
import structlog
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from fastapi import FastAPI, Request
from structlog.testing import capture_logs

from octopus.errors import Failure, ForbiddenError, NotAuthenticatedError, UnavailableError
from octopus.metrics.instruments import Instruments
from octopus.registry.transactions import ConditionFailedError
from octopus.web import errors
from octopus.web.requests import LARGEST_BODY, BoundedBodies, FollowedRequests

Call = Callable[..., Awaitable[httpx.Response]]

FAULTS: dict[str, Exception] = {
    "failure": Failure("Name must be between 3 and 32 characters"),
    "unauthenticated": NotAuthenticatedError("Token is inactive."),
    "forbidden": ForbiddenError("Not yours"),
    "unavailable": UnavailableError("Kafka does not answer"),
    "no-connection": EndpointConnectionError(endpoint_url="http://secret-place"),
    "time-out": ReadTimeoutError(endpoint_url="http://secret-place"),
    "throttled": ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow"}}, "GetItem"),
    "throttled-by-iam": ClientError({"Error": {"Code": "Throttling", "Message": "slow"}}, "CreateUser"),
    "denied": ClientError({"Error": {"Code": "AccessDenied", "Message": "secret-place"}}, "GetItem"),
    "ceiling": ClientError(
        {"Error": {"Code": "LimitExceeded", "Message": "secret-place"}}, "CreateAccessKey"
    ),
    "overtaken": ConditionFailedError([0]),
    "bug": RuntimeError("secret-place"),
}


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI()
    app.state.instruments = Instruments("service")

    @app.get("/things/{number}")
    def thing(number: int, request: Request) -> dict[str, str | None]:
        request.scope["octopus.subject"] = "the-caller"
        return {"seen": structlog.contextvars.get_contextvars().get("request_id")}

    @app.post("/body")
    async def body(request: Request) -> int:
        return len(await request.body())

    @app.get("/fault/{name}")
    def fault(name: str) -> None:
        raise FAULTS[name]

    errors.install(app)
    app.add_middleware(BoundedBodies)
    app.add_middleware(FollowedRequests, instruments=app.state.instruments)
    return app


@pytest.fixture
def call(app: FastAPI) -> Callable[..., httpx.Response]:
    def run(method: str, path: str, **more: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
                return await client.request(method, path, **more)

        return asyncio.run(send())

    return run


def test_well_formed_request_id_is_kept_and_reaches_the_handlers_thread(
    call: Callable[..., httpx.Response],
) -> None:
    reply = call("GET", "/things/1", headers={"X-Request-Id": "run-7.step_2"})

    assert reply.headers["X-Request-Id"] == "run-7.step_2"
    assert reply.json() == {"seen": "run-7.step_2"}


@pytest.mark.parametrize("received", ["", "two words", "a" * 129, 'x"y', "a\\nb"])
def test_other_request_ids_are_replaced(call: Callable[..., httpx.Response], received: str) -> None:
    reply = call("GET", "/things/1", headers={"X-Request-Id": received})

    assert reply.headers["X-Request-Id"] != received
    assert len(reply.headers["X-Request-Id"]) == 32


def test_request_is_one_line_in_the_log_without_its_headers(call: Callable[..., httpx.Response]) -> None:
    with capture_logs() as lines:
        call("GET", "/things/1?q=hidden", headers={"Authorization": "Bearer hidden"})

    (line,) = lines
    assert line.pop("ms") >= 0
    assert line == {
        "event": "request",
        "log_level": "info",
        "method": "GET",
        "route": "/things/{number}",
        "status": 200,
        "subject": "the-caller",
    }


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("unauthenticated", 401),
        ("forbidden", 403),
        ("unavailable", 503),
        ("no-connection", 503),
        ("time-out", 503),
        ("throttled", 503),
        ("throttled-by-iam", 503),
        ("denied", 500),
        ("ceiling", 500),
        ("overtaken", 500),
        ("bug", 500),
    ],
)
def test_error_has_one_shape_and_no_details(
    call: Callable[..., httpx.Response], name: str, status: int
) -> None:
    reply = call("GET", f"/fault/{name}")

    assert reply.status_code == status
    body = reply.json()
    assert list(body) == ["status", "error_code", "message"]
    assert (body["status"], body["error_code"]) == ("error", status)
    assert "secret-place" not in reply.text
    assert ("Retry-After" in reply.headers) == (status == HTTPStatus.SERVICE_UNAVAILABLE)
    assert ("WWW-Authenticate" in reply.headers) == (status == HTTPStatus.UNAUTHORIZED)
    assert "X-Request-Id" in reply.headers


def test_failure_is_what_published_callers_read(call: Callable[..., httpx.Response]) -> None:
    reply = call("GET", "/fault/failure")

    assert reply.status_code == 200
    assert reply.json() == {"status": "failure", "message": "Name must be between 3 and 32 characters"}


def test_change_that_lost_its_turn_says_so_and_what_to_do(call: Callable[..., httpx.Response]) -> None:
    message = call("GET", "/fault/overtaken").json()["message"]

    assert message.endswith("done in part or not at all: call again to finish")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("PUT", "/body", 405), ("GET", "/things/one", 422)],
)
def test_frameworks_own_errors_have_the_same_shape(
    call: Callable[..., httpx.Response], method: str, path: str, status: int
) -> None:
    reply = call(method, path)

    assert reply.status_code == status
    assert list(reply.json()) == ["status", "error_code", "message"]


def test_malformed_value_is_named_with_its_rule(call: Callable[..., httpx.Response]) -> None:
    message = call("GET", "/things/one").json()["message"]

    assert message.startswith("path.number: Input should be a valid integer")
    assert message.endswith("received 'one'")


async def _in_pieces(piece: bytes, count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield piece


def test_body_up_to_the_limit_arrives_whole(call: Callable[..., httpx.Response]) -> None:
    assert call("POST", "/body", content=b"x" * LARGEST_BODY).json() == LARGEST_BODY
    assert call("POST", "/body", content=_in_pieces(b"x" * 100, 100)).json() == 10_000
    assert call("POST", "/body").json() == 0


def test_body_over_the_limit_is_refused(call: Callable[..., httpx.Response]) -> None:
    announced = call("POST", "/body", content=b"x" * (LARGEST_BODY + 1))
    in_pieces = call("POST", "/body", content=_in_pieces(b"x" * 1000, 20))

    assert (announced.status_code, in_pieces.status_code) == (413, 413)
    assert announced.json()["message"] == f"body: this route takes at most {LARGEST_BODY} bytes"

"""Errors as replies: one shape of body, the right status, and nothing that the caller should not see."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Literal, cast

import structlog
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
)
from botocore.exceptions import (
    ConnectionError as AwsConnectionError,
)
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from octopus.errors import Failure, OctopusError, OverLimitError, UnavailableError
from octopus.registry.transactions import OVERTAKEN, ConditionFailedError

_THROTTLED = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_VALUE_SHOWN = 100
"""Characters of a refused value that the caller gets back."""
HOLDS_A_SECRET: dict[str, Any] = {"x-octopus-holds-a-secret": True}
"""``openapi_extra`` of a route whose body holds a secret: what was received is not said of it."""

_log = structlog.get_logger(__name__)


class ErrorReply(BaseModel):
    """A request that was not done."""

    status: Literal["error"] = "error"
    error_code: int
    message: str


class FailureReply(BaseModel):
    """A refusal that callers read from ``status``; the HTTP status is 200."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"status": "failure", "message": "Name must be between 3 and 32 characters"}
        }
    )

    status: Literal["failure"] = "failure"
    message: str


def documented(description: str, error_code: int, message: str) -> dict[str, Any]:
    """An error reply of a route, for its OpenAPI description."""
    example = {"status": "error", "error_code": error_code, "message": message}
    return {
        "model": ErrorReply,
        "description": description,
        "content": {"application/json": {"example": example}},
    }


DOCUMENTED: dict[int | str, dict[str, Any]] = {
    401: documented("No valid token, or no `Subject`.", 401, "Token is inactive."),
    403: documented("Not yours.", 403, "Token does not belong to the user."),
    413: documented("The body is too large.", 413, "body: this route takes at most 16384 bytes"),
    422: documented("Malformed.", 422, "Invalid user ID; expected UUID."),
    429: documented(
        "Over a limit, and nothing was done: `Retry-After` says when to try again.",
        429,
        "topics: 200 of at most 200 are in use, and 1 more was asked for",
    ),
    500: documented("Not done, or done in part; the message says which.", 500, "Internal error"),
    503: documented("A dependency is away and nothing was done: try again.", 503, "Kafka does not answer"),
}
"""Error replies of every management route, for its OpenAPI description."""


def install(app: FastAPI) -> None:
    """Every error of the app becomes a reply in the one shape."""
    app.add_exception_handler(OctopusError, _refused)
    app.add_exception_handler(ConditionFailedError, _overtaken)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _framework)
    app.add_exception_handler(BotoCoreError, _aws)
    app.add_exception_handler(ClientError, _aws)


def unexpected() -> Response:
    """The reply when something broke that nobody foresaw; the log has the details."""
    return _reply(500, "Internal error: it is logged under the id in the X-Request-Id header")


def too_large(most_bytes: int) -> Response:
    """The reply to a body over the limit."""
    return _reply(413, f"body: this route takes at most {most_bytes} bytes")


async def _refused(_request: Request, error: Exception) -> Response:
    refusal = cast(OctopusError, error)
    if isinstance(refusal, Failure):
        return JSONResponse({"status": "failure", "message": refusal.message})
    if refusal.http_status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.warning("request.not_done", status=int(refusal.http_status), reason=refusal.message)
    reply = _reply(int(refusal.http_status), refusal.message, error_code=refusal.error_code)
    if isinstance(refusal, OverLimitError):
        reply.headers["Retry-After"] = str(refusal.retry_after_s)
    return reply


async def _overtaken(_request: Request, error: Exception) -> Response:
    # Mostly a turn that was lost: this process was stopped for so long that another went on.
    _log.warning("request.overtaken", reason=str(error))
    return _reply(500, OVERTAKEN)


async def _malformed(request: Request, error: Exception) -> Response:
    secret = (
        getattr(request.scope.get("route"), "openapi_extra", None) or {}
    ).items() >= HOLDS_A_SECRET.items()
    sentences = [
        f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
        + ("" if secret else f", received {repr(fault.get('input'))[:_VALUE_SHOWN]}")
        for fault in cast(RequestValidationError, error).errors()
    ]
    return _reply(422, "; ".join(sentences))


async def _framework(_request: Request, error: Exception) -> Response:
    fault = cast(HTTPException, error)
    reply = _reply(fault.status_code, str(fault.detail))
    reply.headers.update(fault.headers or {})
    return reply


async def _aws(_request: Request, error: Exception) -> Response:
    if away(error):
        _log.warning("aws.away", reason=_reason(error))
        return _reply(503, "A service that this one depends on does not answer: try again")
    _log.error("aws.refused", exc_info=error)
    return unexpected()


def away(error: Exception) -> bool:
    """Whether AWS said "not now" rather than "no"."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return error.response.get("Error", {}).get("Code") in _THROTTLED or status >= 500
    return isinstance(error, AwsConnectionError | HTTPClientError | UnavailableError)


def _reason(error: Exception) -> str:
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code"))
    return type(error).__name__


def _reply(status: int, message: str, *, error_code: int | None = None) -> JSONResponse:
    headers = {}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "1"
    body = {"status": "error", "error_code": error_code or status, "message": message}
    return JSONResponse(body, status, headers)

"""Refusals in the body that Globus Auth answers with: OAuth2's two fields and a list of error documents."""

from __future__ import annotations

import uuid
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse


class AuthError(Exception):
    """A request refused, by OAuth2's error name (RFC 6749 section 5.2) and a sentence without secrets."""

    def __init__(self, error: str, detail: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(detail)
        self.error = error
        self.detail = detail
        self.status = status


class GroupsError(Exception):
    """A request that Globus Groups refuses, by its code and a sentence."""

    def __init__(self, status: HTTPStatus, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail


def unauthorized(detail: str) -> AuthError:
    """No valid client or token came with the request."""
    return AuthError("unauthorized", detail, HTTPStatus.UNAUTHORIZED)


def forbidden(detail: str) -> AuthError:
    """The caller is known and may not do this."""
    return AuthError("forbidden", detail, HTTPStatus.FORBIDDEN)


async def answer(_request: Request, error: Exception) -> JSONResponse:
    """The reply to an ``AuthError``; registered as the application's handler for it."""
    if not isinstance(error, AuthError):
        raise error
    body = {
        "error": error.error,
        "error_description": error.detail,
        "errors": [
            {
                "id": str(uuid.uuid4()),
                "code": error.error.upper(),
                "status": str(int(error.status)),
                "title": error.status.phrase,
                "detail": error.detail,
            }
        ],
    }
    headers = {"Cache-Control": "no-store"}
    if error.status is HTTPStatus.UNAUTHORIZED:
        scheme = "Basic" if error.error == "invalid_client" else "Bearer"
        headers["WWW-Authenticate"] = f'{scheme} realm="stand-in"'
    return JSONResponse(body, status_code=error.status, headers=headers)


async def answer_of_groups(_request: Request, error: Exception) -> JSONResponse:
    """The reply to a ``GroupsError``; registered as the application's handler for it."""
    if not isinstance(error, GroupsError):
        raise error
    return JSONResponse(
        {"code": error.code, "detail": error.detail},
        status_code=error.status,
        headers={"Cache-Control": "no-store"},
    )

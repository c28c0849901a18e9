"""What a caller is refused, in the fabric's own shape."""

from __future__ import annotations

from http import HTTPStatus

from starlette.responses import JSONResponse

from octopus.errors import OctopusError, UnavailableError

_RETRY_AFTER_S = 5


def refusal(error: OctopusError) -> JSONResponse:
    """The reply to a request that was not passed on, or not answered."""
    headers = {"Cache-Control": "no-store"}
    if error.http_status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, UnavailableError):
        headers["Retry-After"] = str(_RETRY_AFTER_S)
    body = {"status": "error", "error_code": error.error_code, "message": error.message}
    return JSONResponse(body, status_code=error.http_status, headers=headers)

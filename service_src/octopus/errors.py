"""Errors that have an answer on the wire. Their text is written for the caller and never holds a secret."""

from __future__ import annotations

from http import HTTPStatus


class OctopusError(Exception):
    """A request that was not done, with its HTTP status and the message that the caller gets.

    The body is ``{"status": "error", "error_code": int, "message": str}``.
    """

    http_status: HTTPStatus = HTTPStatus.INTERNAL_SERVER_ERROR

    def __init__(self, message: str, *, error_code: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.error_code = error_code if error_code is not None else int(self.http_status)


class Failure(OctopusError):  # noqa: N818 - the wire calls it a failure
    """A refusal that published callers read from the reply's ``status``: HTTP 200, ``"failure"``."""

    http_status = HTTPStatus.OK


class NotAuthenticatedError(OctopusError):
    """No valid token came with the request."""

    http_status = HTTPStatus.UNAUTHORIZED


class ForbiddenError(OctopusError):
    """The caller is known and may not do this."""

    http_status = HTTPStatus.FORBIDDEN


class NotFoundError(OctopusError):
    """What the request names does not exist for this caller."""

    http_status = HTTPStatus.NOT_FOUND


class InvalidError(OctopusError):
    """The request is malformed; the message names the field, the rule and the value received."""

    http_status = HTTPStatus.UNPROCESSABLE_ENTITY


class OverLimitError(OctopusError):
    """The caller has, or asks for, more than a limit lets him, and *nothing was done*.

    Args:
        message: names the limit, what is in use and what was asked for.
        retry_after_s: whole seconds after which asking again may help.
    """

    http_status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class UnavailableError(OctopusError):
    """A dependency is away and *nothing was done*: the caller may try again."""

    http_status = HTTPStatus.SERVICE_UNAVAILABLE

"""What ends `octopus connect`, and what its callers are refused."""

from __future__ import annotations

from http import HTTPStatus

from octopus.errors import OctopusError


class ConnectError(Exception):
    """The command cannot go on; the message is a sentence that says what to do."""


class MisdirectedError(OctopusError):
    """The request is for another host name than this machine's own."""

    http_status = HTTPStatus.MISDIRECTED_REQUEST


class BrokenOffError(OctopusError):
    """The fabric was asked and did not answer to the end: what was asked may have been done."""

    http_status = HTTPStatus.BAD_GATEWAY


class NoAnswerError(OctopusError):
    """The fabric was asked and said nothing for too long: what was asked may have been done."""

    http_status = HTTPStatus.GATEWAY_TIMEOUT

"""The person's own access token for the fabric, never out of date."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import structlog
from globus_sdk import AuthAPIError, GlobusError
from globus_sdk.authorizers import RenewingAuthorizer

from octopus.errors import NotAuthenticatedError, UnavailableError

RENEWED_AGAIN_S = 60.0
"""A token that the fabric refuses is renewed, not more often than this: the next may be refused as well."""
_AWAY_S = 5.0
"""So long Globus Auth is not asked again after it gave no answer: callers would wait for each other."""

LOGIN_ENDED = (
    "Your login at Globus Auth has ended, or was revoked: "
    "stop `octopus connect` with Ctrl-C and start it again"
)

_log = structlog.get_logger(__name__)


class FabricToken:
    """Gives the header for each call, renewed by globus-sdk before it ends. Safe to share between threads.

    Args:
        authorizer: of globus-sdk, which holds the token.
        clock: seconds that only grow.
    """

    def __init__(
        self, authorizer: RenewingAuthorizer[Any], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._authorizer = authorizer
        self._clock = clock
        self._lock = threading.Lock()
        self._away_until = 0.0
        self._renewed = -RENEWED_AGAIN_S

    def header(self) -> str:
        """``Bearer`` and the token.

        Raises:
            NotAuthenticatedError: Globus Auth renews it no more.
            UnavailableError: Globus Auth gives no answer.
        """
        with self._lock:
            if self._clock() < self._away_until:
                raise UnavailableError("Globus Auth does not answer, and your token has to be renewed")
            try:
                return self._authorizer.get_authorization_header()
            except AuthAPIError as error:
                if error.http_status < 500:
                    _log.warning("connect.login_ended", advice=LOGIN_ENDED)
                    raise NotAuthenticatedError(LOGIN_ENDED) from error
                self._away_until = self._clock() + _AWAY_S
                raise UnavailableError(
                    "Globus Auth is out of order, and your token has to be renewed"
                ) from error
            except GlobusError as error:
                self._away_until = self._clock() + _AWAY_S
                raise UnavailableError(
                    "Globus Auth does not answer, and your token has to be renewed"
                ) from error

    def refused(self, header: str) -> None:
        """The fabric did not take this header: the next call gets a renewed one."""
        with self._lock:
            is_current = header == f"Bearer {self._authorizer.access_token}"
            if is_current and self._clock() - self._renewed >= RENEWED_AGAIN_S:
                self._renewed = self._clock()
                self._authorizer.handle_missing_authorization()

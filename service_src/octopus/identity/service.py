"""Tokens checked by introspection (RFC 7662) at Globus Auth, with the answers kept for a short while."""

from __future__ import annotations

import hashlib
import re
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import globus_sdk
import structlog
from cachetools import TLRUCache, TTLCache

from octopus.errors import (
    ForbiddenError,
    InvalidError,
    NotAuthenticatedError,
    OctopusError,
    UnavailableError,
)
from octopus.identity.clients import bounded_transport, once_again
from octopus.identity.models import Caller
from octopus.identity.scopes import action_all

POSITIVE_LIFE_S = 300
"""The longest that a revoked token is still believed."""
NEGATIVE_LIFE_S = 10
_REMEMBERED = 10_000
"""Answers of either kind; refused tokens have room of their own, so that junk drives out no caller."""

MOST_LINKED = 40
"""Identities of one person that count besides the one that calls, the first in order.

Far more than anybody has; and so few that all of them, given up for as many others, are one transaction.
"""

_TOKEN = re.compile(r"\w{33,254}", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _Remembered:
    """A good answer of Globus Auth."""

    caller: Caller
    email: str | None
    until: float
    """The latest that it is believed, in seconds since the epoch."""
    known: bool = False
    """Whether whoever wants to know of callers needs to be told no more."""


class Authenticator:
    """Says who is behind an ``Authorization`` header; safe to call from many threads.

    Args:
        client_id: of this service at Globus Auth: the audience of the tokens that it takes.
        secret: gives the secret of that client; asked each time, as it may come later, and change.
        auth_url: where Globus Auth is, real or stand-in.
        seen: told of every caller whose token was asked about, with the e-mail address that Globus Auth has
            of him, before he is let in, and again with each request until it says that he is known; what it
            raises keeps him out.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        *,
        client_id: str,
        secret: Callable[[], str],
        auth_url: str,
        seen: Callable[[Caller, str | None], bool] = lambda _caller, _email: True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._client_id = client_id
        self._secret = secret
        self._auth_url = auth_url
        self._scope = action_all(client_id)
        self._seen = seen
        self._clock = clock
        self._transport = bounded_transport(auth_url)
        self._made_with: tuple[str, globus_sdk.ConfidentialAppAuthClient] | None = None
        self._callers: TLRUCache[bytes, _Remembered] = TLRUCache(
            _REMEMBERED, ttu=lambda _key, one, _now: min(one.until, one.caller.expires), timer=clock
        )
        self._refusals: TTLCache[bytes, OctopusError] = TTLCache(_REMEMBERED, NEGATIVE_LIFE_S, timer=clock)
        self._lock = threading.Lock()

    def authenticate(self, authorization: str | None) -> Caller:
        """The caller whose live token for this service the header holds.

        A remembered answer serves through an outage of Globus Auth, until its own end: five minutes, or the
        token's.

        Raises:
            NotAuthenticatedError: no token, or it is malformed, inactive, expired or for another service.
            ForbiddenError: the token is good and lacks the scope of this service.
            UnavailableError: Globus Auth gave no usable answer and none is remembered, or the service has no
                client there yet.
        """
        token = _bearer_token(authorization)
        key = hashlib.sha256(token.encode()).digest()
        with self._lock:
            remembered, refusal = self._callers.get(key), self._refusals.get(key)
        if remembered is not None:
            if not remembered.known:
                self._tell(key, remembered)
            return remembered.caller
        if refusal is not None:
            raise type(refusal)(refusal.message)
        try:
            answer = self._introspect(token)
            caller = self._judge(answer)
        except (NotAuthenticatedError, ForbiddenError) as error:
            with self._lock:
                self._refusals[key] = type(error)(error.message)
            raise
        self._tell(key, _Remembered(caller, _text(answer.get("email")), self._clock() + POSITIVE_LIFE_S))
        return caller

    def check_subject(self, caller: Caller, subject_header: str | None) -> None:
        """Return when the ``Subject`` header names the caller.

        Raises:
            NotAuthenticatedError: the header is missing.
            InvalidError: it is not a UUID.
            ForbiddenError: it names somebody else.
        """
        if subject_header is None:
            raise NotAuthenticatedError("the Subject header is missing: it holds your Globus identity's UUID")
        if _UUID.fullmatch(subject_header) is None:
            raise InvalidError(f"the Subject header must be a UUID; got {subject_header[:64]!r}")
        if subject_header.lower() != caller.subject:
            raise ForbiddenError("the token does not belong to the identity in the Subject header")

    def close(self) -> None:
        """Close the connections to Globus Auth."""
        self._transport.close()

    def _tell(self, key: bytes, one: _Remembered) -> None:
        known = self._seen(one.caller, one.email)
        with self._lock:
            self._callers[key] = replace(one, known=known)

    def _introspect(self, token: str) -> Any:
        globus = self._globus()
        try:
            return globus.oauth2_token_introspect(token, include="identity_set").data
        except globus_sdk.GlobusAPIError as error:
            _log.error("globus.refused", http_status=error.http_status)
            # The chained error would carry the request; nothing of it may reach a log or a reply.
            raise UnavailableError(
                "Globus Auth did not answer whether the token is valid; try again"
            ) from None
        except globus_sdk.GlobusError as error:
            _log.error("globus.unreachable", kind=type(error).__name__)
            raise UnavailableError("Globus Auth cannot be reached to check the token; try again") from None

    def _globus(self) -> globus_sdk.ConfidentialAppAuthClient:
        secret = self._secret()
        with self._lock:
            if self._made_with is None or self._made_with[0] != secret:
                client = globus_sdk.ConfidentialAppAuthClient(
                    self._client_id,
                    secret,
                    base_url=self._auth_url,
                    transport=self._transport,
                    retry_config=once_again(),
                )
                self._made_with = secret, client
            return self._made_with[1]

    def _judge(self, answer: Any) -> Caller:
        if not isinstance(answer, dict) or not isinstance(answer.get("active"), bool):
            raise _unreadable()
        if not answer["active"]:
            raise NotAuthenticatedError("the token is inactive: expired, revoked, or not for this service")
        audience = answer.get("aud") or []
        if self._client_id not in ([audience] if isinstance(audience, str) else audience):
            raise NotAuthenticatedError("the token is for another service: this one is not in its audience")
        caller = self._caller(answer)
        if caller.expires <= self._clock():
            raise NotAuthenticatedError("the token has expired")
        # Compared whole: a scope that merely contains ours is another scope.
        if self._scope not in caller.scopes:
            raise ForbiddenError(f"the token lacks the scope {self._scope}")
        return caller

    def _caller(self, answer: dict[str, Any]) -> Caller:
        try:
            subject = str(uuid.UUID(answer["sub"]))
            others = {str(uuid.UUID(each)) for each in answer.get("identity_set") or ()} - {subject}
            return Caller(
                subject=subject,
                username=_text(answer.get("username")),
                expires=int(answer["exp"]),
                scopes=frozenset((answer.get("scope") or "").split()),
                linked=frozenset(sorted(others)[:MOST_LINKED]),
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            raise _unreadable() from None


def _bearer_token(authorization: str | None) -> str:
    if not authorization:
        raise NotAuthenticatedError(
            "the Authorization header is missing: it holds 'Bearer ' and a Globus token"
        )
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise NotAuthenticatedError("the Authorization header must start with 'Bearer '")
    if _TOKEN.fullmatch(token.strip()) is None:
        raise NotAuthenticatedError("the token must be 33 to 254 letters, digits and underscores")
    return token.strip()


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _unreadable() -> UnavailableError:
    _log.error("globus.unreadable")
    return UnavailableError("Globus Auth answered in a form that cannot be read; try again")

"""Who is calling: a token and, on routes that published clients use, a ``Subject`` header that agrees.

The one door of every route: whoever is suspended, or asks too often, gets no further on any of them.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from octopus.accounts.service import Accounts
from octopus.identity.models import Caller
from octopus.identity.service import Authenticator
from octopus.web.limits import RequestRates

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="Globus",
    description="Access token of Globus Auth for this service's scope, `.../action_all`.",
)


def _token_caller(
    request: Request, _documented: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Caller:
    authenticator: Authenticator = request.app.state.authenticator
    caller = authenticator.authenticate(request.headers.get("authorization"))
    request.scope["octopus.subject"] = caller.subject
    rates: RequestRates = request.app.state.request_rates
    rates.require(caller.subject)
    accounts: Accounts = request.app.state.accounts
    accounts.require_not_suspended(caller.subject)
    return caller


TokenCaller = Annotated[Caller, Depends(_token_caller)]
"""Type of a route's parameter that is the caller, found out from the token alone."""


def _caller(
    request: Request,
    caller: TokenCaller,
    subject: Annotated[
        str | None,
        Header(description="The caller's own Globus identity (UUID), as the token has it. Required."),
    ] = None,
) -> Caller:
    authenticator: Authenticator = request.app.state.authenticator
    authenticator.check_subject(caller, subject)
    return caller


AuthenticatedCaller = Annotated[Caller, Depends(_caller)]
"""Type of a route's parameter that is the caller, found out and held to the ``Subject`` header."""

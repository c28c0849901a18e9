"""Who is calling: a token and, on routes that published clients use, a ``Subject`` header that agrees.

The one door of every route: whoever is suspended, or asks too often, gets no further on any of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from octopus.accounts.models import Account
from octopus.accounts.service import Accounts
from octopus.identity.models import Caller
from octopus.identity.service import Authenticator
from octopus.web.limits import RequestRates

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="Globus",
    description="Access token of Globus Auth for this service's scope, `.../action_all`.",
)


@dataclass(frozen=True)
class _Admitted:
    """Somebody who came in at the door."""

    caller: Caller
    account: Account | None


def _admitted(
    request: Request, _documented: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> _Admitted:
    authenticator: Authenticator = request.app.state.authenticator
    caller = authenticator.authenticate(request.headers.get("authorization"))
    request.scope["octopus.subject"] = caller.subject
    rates: RequestRates = request.app.state.request_rates
    rates.require(caller.subject)
    accounts: Accounts = request.app.state.accounts
    return _Admitted(caller, accounts.require_not_suspended(caller.subject))


# Both are coroutines: there is nothing to wait for, and no thread is wanted for it.
async def _token_caller(admitted: Annotated[_Admitted, Depends(_admitted)]) -> Caller:
    return admitted.caller


async def _own_account(admitted: Annotated[_Admitted, Depends(_admitted)]) -> Account | None:
    return admitted.account


TokenCaller = Annotated[Caller, Depends(_token_caller)]
"""Type of a route's parameter that is the caller, found out from the token alone."""
OwnAccount = Annotated[Account | None, Depends(_own_account)]
"""Type of a parameter that is the caller's account as the door has read it: for routes that only read."""


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

"""The token of a call to Globus Auth itself."""

from __future__ import annotations

from starlette.requests import Request

from octopus.globus.authority import Authority
from octopus.globus.errors import forbidden, unauthorized
from octopus.globus.grants import AccessToken
from octopus.globus.scopes import AUTH_RESOURCE_SERVER


def token_for_auth(authority: Authority, request: Request) -> AccessToken:
    """The live token of a request to Globus Auth itself.

    Raises:
        AuthError: there is none, or it is for another resource server.
    """
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    token = authority.grants.find(text.strip()) if scheme.lower() == "bearer" else None
    if token is None:
        raise unauthorized("the call must carry a live token")
    if token.resource_server != AUTH_RESOURCE_SERVER:
        raise forbidden(f"the token is for another resource server than {AUTH_RESOURCE_SERVER}")
    return token

"""The stand-in's application: its routes behind a check of the Host header."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from octopus.globus.authority import Authority
from octopus.globus.authorize_routes import AnyIdentity, AuthorizeRoutes
from octopus.globus.developer_routes import DeveloperRoutes
from octopus.globus.errors import AuthError, GroupsError, answer, answer_of_groups
from octopus.globus.group_routes import GroupRoutes
from octopus.globus.identity_routes import IdentityRoutes
from octopus.globus.redirects import RedirectRule
from octopus.globus.settings import StandInSettings
from octopus.globus.store import IdentityStore
from octopus.globus.token_routes import TokenRoutes

_LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
_HTTP_PORT = 80


def own_hosts(port: int) -> frozenset[str]:
    """What a client of this machine sends as ``Host``, in lower case, to a server on the loopback's port."""
    bare = _LOOPBACK_NAMES if port == _HTTP_PORT else ()
    return frozenset([*bare, *(f"{name}:{port}" for name in _LOOPBACK_NAMES)])


class OwnHostOnly:
    """Refuses a request whose Host is not this machine's own name.

    A web page can point its own name at 127.0.0.1 (DNS rebinding) and would then read our replies as its own.
    """

    def __init__(self, app: ASGIApp, *, port: int) -> None:
        self._app = app
        self._hosts = own_hosts(port)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 421."""
        if scope["type"] == "http" and Headers(scope=scope).get("host", "").lower() not in self._hosts:
            refusal = PlainTextResponse("This host name is not served here.\n", status_code=421)
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)


def create_app(settings: StandInSettings) -> Starlette:
    """The stand-in over its store file, which is closed with the application.

    Raises:
        RefusedError: the service client's secret cannot be read.
        PermissionError: the store can be read by others.
    """
    client_secret = settings.client_secret()
    authority = Authority(
        IdentityStore(settings.globus_store),
        issuer=settings.own_url,
        service_client_id=str(settings.globus_client_id),
        service_client_secret=client_secret,
        token_life=settings.globus_token_life,
    )
    redirects = RedirectRule(port=settings.globus_port)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        authority.close()

    return Starlette(
        routes=[
            *TokenRoutes(authority).routes,
            *IdentityRoutes(authority).routes,
            *GroupRoutes(authority).routes,
            *DeveloperRoutes(authority).routes,
            *AuthorizeRoutes(authority, login=AnyIdentity(authority.identities), redirects=redirects).routes,
        ],
        middleware=[Middleware(OwnHostOnly, port=settings.globus_port)],
        exception_handlers={AuthError: answer, GroupsError: answer_of_groups},
        lifespan=lifespan,
    )

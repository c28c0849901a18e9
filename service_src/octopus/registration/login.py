"""Who registers: an administrator of the project, logged in for this one run; nothing of it is kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from globus_sdk import (
    AuthAPIError,
    AuthClient,
    ClientApp,
    ConfidentialAppAuthClient,
    GlobusAppConfig,
    UserApp,
)
from globus_sdk.globus_app import GlobusApp
from globus_sdk.login_flows import CommandLineLoginFlowManager, LocalServerLoginFlowManager
from globus_sdk.scopes import AuthScopes
from globus_sdk.token_storage import MemoryTokenStorage

from octopus.globus.clients import CLI_CLIENT_ID
from octopus.globus.settings import is_loopback_url
from octopus.identity.apps import client_of_environment, point_globus_at

_FIRST_LOGIN_CLIENT_ID = "61338d24-54d5-408f-a10d-66c06b59f6d2"
"""Globus' own public client for scripts, of globus-sdk's guide: before a registration there is no other."""
_NOT_ACCEPTED = (400, 401, 403)


@contextmanager
def administrator(auth_url: str, *, login_client: str | None, browser: bool) -> Iterator[AuthClient]:
    """Globus Auth as the administrator sees it, whose tokens are revoked at the end.

    A program logs in by ``DIASPORA_SDK_CLIENT_ID`` and ``DIASPORA_SDK_CLIENT_SECRET``.
    """
    point_globus_at(auth_url)
    app = _app(auth_url, login_client, browser)
    scopes = [AuthScopes.manage_projects, AuthScopes.openid, AuthScopes.profile, AuthScopes.email]
    with app, AuthClient(app=app, app_scopes=scopes) as auth:
        try:
            yield auth
        finally:
            app.logout()


def _app(auth_url: str, login_client: str | None, browser: bool) -> GlobusApp:
    program = client_of_environment()
    if program is not None:
        client_id, secret = program
        config = GlobusAppConfig(token_storage=MemoryTokenStorage())
        return ClientApp("octopus", client_id=client_id, client_secret=secret, config=config)
    first = CLI_CLIENT_ID if is_loopback_url(auth_url) else _FIRST_LOGIN_CLIENT_ID
    config = GlobusAppConfig(
        token_storage=MemoryTokenStorage(),
        login_flow_manager=LocalServerLoginFlowManager if browser else CommandLineLoginFlowManager,
        # Projects want a login of the last half hour, by an identity that administers them: Auth says which.
        auto_redrive_gares=True,
    )
    return UserApp("octopus", client_id=login_client or first, config=config)


def is_accepted(auth_url: str, client_id: str, secret: str) -> bool:
    """Whether Globus Auth takes this secret of this client, tried by a login of the client itself.

    Raises:
        GlobusError: it did not say.
    """
    with ConfidentialAppAuthClient(client_id, secret, base_url=auth_url) as client:
        try:
            client.oauth2_client_credentials_tokens("openid")
        except AuthAPIError as error:
            if error.http_status in _NOT_ACCEPTED:
                return False
            raise
    return True

"""Who the command acts as, at Globus Auth: an identity of the stand-in, a client, or whoever logged in."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from globus_sdk import AuthClient, UserApp
from globus_sdk.gare import GlobusAuthorizationParameters
from globus_sdk.globus_app import GlobusApp
from globus_sdk.login_flows import CommandLineLoginFlowManager, LocalServerLoginFlowManager
from globus_sdk.token_storage import JSONTokenStorage, MemoryTokenStorage, TokenStorage

from octopus.errors import NotAuthenticatedError
from octopus.fabric.environment import identity
from octopus.fabric.settings import FabricSettings
from octopus.globus.clients import CLI_CLIENT_ID
from octopus.identity.apps import client_app, client_of_environment, point_globus_at, user_app


def log_in(*, browser: bool) -> tuple[str, str]:
    """Log a person in by Globus Auth's own flow and keep the tokens; returns subject and username."""
    settings = FabricSettings()
    manager = LocalServerLoginFlowManager if browser else CommandLineLoginFlowManager
    app = _user_app(settings, login_flow_manager=manager)
    app.login(force=True)
    who = AuthClient(app=app).userinfo()
    return who["sub"], who["preferred_username"]


def log_in_once() -> str:
    """Log a person in whom nothing is kept of, asked anew who he is; returns an ``Authorization`` header."""
    settings = FabricSettings()
    app = _user_app(settings, CommandLineLoginFlowManager, MemoryTokenStorage())
    app.login(auth_params=GlobusAuthorizationParameters(prompt="login"), force=True)
    header = app.get_authorizer(settings.globus_client_id).get_authorization_header()
    if header is None:
        raise NotAuthenticatedError("Globus Auth gave no token for this service.")
    return header


def log_out() -> bool:
    """Revoke and forget the kept tokens; returns whether there were any."""
    settings = FabricSettings()
    if not _token_file(settings).is_file():
        return False
    _user_app(settings).logout()
    return True


def authorization(settings: FabricSettings, as_name: str | None) -> tuple[str | None, str | None]:
    """An ``Authorization`` header and the caller's identity (UUID), as `open_session` chooses the caller.

    Raises:
        NotAuthenticatedError: nobody logged in.
    """
    app, subject = _application(settings, as_name)
    return app.get_authorizer(settings.globus_client_id).get_authorization_header(), subject


def _application(settings: FabricSettings, as_name: str | None) -> tuple[GlobusApp, str | None]:
    client = client_of_environment()
    if as_name is not None:
        who = identity(settings, as_name)
        client = who.id, who.secret
    if client is not None:
        point_globus_at(settings.auth_url)
        app = client_app(
            "octopus", client_id=client[0], secret=client[1], service_client_id=settings.globus_client_id
        )
        return app, client[0]
    if not _token_file(settings).is_file():
        raise NotAuthenticatedError(
            "Nobody is logged in: run `octopus login`, or name an identity with --as."
        )
    person = _user_app(settings)
    return person, AuthClient(app=person).userinfo()["sub"]


def _user_app(
    settings: FabricSettings, login_flow_manager: Any = None, storage: TokenStorage | None = None
) -> UserApp:
    point_globus_at(settings.auth_url)
    return user_app(
        "octopus",
        client_id=os.environ.get("OCTOPUS_CLI_CLIENT_ID", CLI_CLIENT_ID),
        service_client_id=settings.globus_client_id,
        storage=storage or JSONTokenStorage(str(_token_file(settings))),
        login_flow_manager=login_flow_manager,
    )


def _token_file(settings: FabricSettings) -> Path:
    folder = settings.home / "cli"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder / "tokens.json"

"""Logins at Globus Auth by globus-sdk: of a person, with a native client, and of a program, as itself."""

from __future__ import annotations

import os
from typing import Any

from globus_sdk import ClientApp, ConfidentialAppAuthClient, GlobusAppConfig, NativeAppAuthClient, UserApp
from globus_sdk.scopes import AuthScopes
from globus_sdk.token_storage import MemoryTokenStorage, TokenStorage
from globus_sdk.transport import RequestsTransport, RetryConfig

from octopus.identity.scopes import action_all


def user_app(
    name: str,
    *,
    client_id: str,
    service_client_id: str,
    storage: TokenStorage,
    login_flow_manager: Any = None,
) -> UserApp:
    """A person's login with tokens for a service and for Globus Auth, renewed for as long as Auth lets them.

    Args:
        name: of the program, as Globus Auth shows it to the person.
        client_id: native client to log in with.
        service_client_id: of the service.
        storage: keeps the tokens.
        login_flow_manager: class of globus-sdk's that leads through a login; by the terminal when None.
    """
    return UserApp(
        name,
        login_client=NativeAppAuthClient(client_id=client_id, app_name=name, **_patience()),
        scope_requirements={
            service_client_id: [action_all(service_client_id)],
            AuthScopes.resource_server: [AuthScopes.openid, AuthScopes.profile, AuthScopes.email],
        },
        config=GlobusAppConfig(
            login_flow_manager=login_flow_manager,
            token_storage=storage,
            request_refresh_tokens=True,
            token_validation_error_handler=None,
        ),
    )


def client_app(name: str, *, client_id: str, secret: str, service_client_id: str) -> ClientApp:
    """A program's login as itself, with tokens for a service; nothing is kept."""
    return ClientApp(
        name,
        login_client=ConfidentialAppAuthClient(client_id, secret, app_name=name, **_patience()),
        scope_requirements={service_client_id: [action_all(service_client_id)]},
        config=GlobusAppConfig(token_storage=MemoryTokenStorage()),
    )


def client_of_environment() -> tuple[str, str] | None:
    """Id and secret of ``DIASPORA_SDK_CLIENT_ID`` and ``DIASPORA_SDK_CLIENT_SECRET``, when both are set."""
    client_id, secret = os.environ.get("DIASPORA_SDK_CLIENT_ID"), os.environ.get("DIASPORA_SDK_CLIENT_SECRET")
    return (client_id, secret) if client_id and secret else None


def point_globus_at(auth_url: str) -> None:
    """Make globus-sdk, in this process, use the Globus Auth of this address."""
    # It takes the address from its environment alone.
    os.environ["GLOBUS_SDK_SERVICE_URL_AUTH"] = auth_url


def _patience() -> dict[str, Any]:
    """Of a login client. Somebody waits: an Auth that does not answer is asked twice, for 40 s at most."""
    return {"retry_config": RetryConfig(max_retries=1), "transport": RequestsTransport(http_timeout=20)}

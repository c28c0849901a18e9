"""This service's own clients of Globus Auth and Globus Groups, with bounds on how long they may take."""

from __future__ import annotations

import threading
from collections.abc import Callable

import globus_sdk
from globus_sdk.scopes import GroupsScopes
from globus_sdk.transport import RequestsTransport, RetryConfig
from requests.adapters import HTTPAdapter

from octopus.identity.secret import open_secret
from octopus.settings import DeployedSettings

_ATTEMPT_S = 3.0
_PAUSE_S = 0.5
"""Two attempts and one pause end within seven seconds, well before the gateway's 29 s."""
_CONNECTIONS = 40
"""As many as the web framework has threads."""


def bounded_transport(url: str) -> RequestsTransport:
    """A transport to ``url`` that gives up in time and holds a connection for each thread."""
    transport = RequestsTransport(http_timeout=_ATTEMPT_S)
    transport.session.mount(url, HTTPAdapter(pool_maxsize=_CONNECTIONS))
    return transport


def once_again() -> RetryConfig:
    """One more attempt when the first one met a fault that may pass."""
    return RetryConfig(max_retries=1, max_sleep=_PAUSE_S)


class GlobusClients:
    """Both clients, made when they are first needed; safe to share between threads.

    Args:
        client_id: of this service at Globus Auth.
        secret: gives that client's secret; asked each time, and with another one the clients are made anew.
        auth_url: where Globus Auth is, real or stand-in.
        groups_url: where Globus Groups is, real or stand-in.
    """

    def __init__(self, *, client_id: str, secret: Callable[[], str], auth_url: str, groups_url: str) -> None:
        self.client_id = client_id
        self.secret = secret
        self._auth_url = auth_url
        self._groups_url = groups_url
        self._made_with: str | None = None
        self._identities: globus_sdk.AuthClient | None = None
        self._groups: globus_sdk.GroupsClient | None = None
        self._transports: dict[str, RequestsTransport] = {}
        self._lock = threading.RLock()

    @property
    def identities(self) -> globus_sdk.AuthClient:
        """Asks Globus Auth who identities are, with the service's id and secret.

        Raises:
            NotRegisteredError: there is no secret yet.
        """
        with self._lock:
            secret = self._newest_secret()
            if self._identities is None:
                self._identities = globus_sdk.AuthClient(
                    base_url=self._auth_url,
                    authorizer=globus_sdk.BasicAuthorizer(self.client_id, secret),
                    transport=self._transport(self._auth_url),
                    retry_config=once_again(),
                )
            return self._identities

    @property
    def groups(self) -> globus_sdk.GroupsClient:
        """Asks Globus Groups as the service itself, which sees what groups' admins let it see.

        Raises:
            globus_sdk.GlobusError: Globus Auth gives no token for it.
            NotRegisteredError: there is no secret yet.
        """
        with self._lock:
            secret = self._newest_secret()
            if self._groups is None:
                tokens = globus_sdk.ConfidentialAppAuthClient(
                    self.client_id,
                    secret,
                    base_url=self._auth_url,
                    transport=self._transport(self._auth_url),
                    retry_config=once_again(),
                )
                self._groups = globus_sdk.GroupsClient(
                    base_url=self._groups_url,
                    authorizer=globus_sdk.ClientCredentialsAuthorizer(
                        tokens, GroupsScopes.view_my_groups_and_memberships
                    ),
                    transport=self._transport(self._groups_url),
                    retry_config=once_again(),
                )
            return self._groups

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            for transport in self._transports.values():
                transport.close()
            self._transports.clear()
            self._identities = self._groups = None

    def _newest_secret(self) -> str:
        secret = self.secret()
        if secret != self._made_with:
            self._made_with, self._identities, self._groups = secret, None, None
        return secret

    def _transport(self, url: str) -> RequestsTransport:
        if url not in self._transports:
            self._transports[url] = bounded_transport(url)
        return self._transports[url]


def open_globus(settings: DeployedSettings) -> GlobusClients:
    """The clients of one deployment; its secret is read from Secrets Manager when it is needed."""
    return GlobusClients(
        client_id=settings.globus_client_id,
        secret=open_secret(settings),
        auth_url=settings.globus_auth_url,
        groups_url=settings.globus_groups_url,
    )

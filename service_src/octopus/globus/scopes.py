"""Scopes that the stand-in grants, and the resource server that each is for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from globus_sdk.scopes import AuthScopes, GroupsScopes

from octopus.globus.registrations import ScopeRecord
from octopus.identity.scopes import action_all

AUTH_RESOURCE_SERVER = "auth.globus.org"
"""Globus Auth itself, as published clients name it wherever it runs."""

VIEW_IDENTITIES = "urn:globus:auth:scope:auth.globus.org:view_identities"
VIEW_IDENTITY_SET = "urn:globus:auth:scope:auth.globus.org:view_identity_set"
MANAGE_PROJECTS = str(AuthScopes.manage_projects)
GROUPS_RESOURCE_SERVER = GroupsScopes.resource_server
MANAGE_GROUPS = str(GroupsScopes.all)
VIEW_GROUPS = str(GroupsScopes.view_my_groups_and_memberships)
OFFLINE_ACCESS = "offline_access"
"""Asks for refresh tokens (OpenID Connect Core, section 11); it is no right by itself."""

_AUTH_SCOPES = {
    "openid": "Know who you are",
    "profile": "Know your name and username",
    "email": "Know your e-mail address",
    VIEW_IDENTITIES: "Look up identities",
    VIEW_IDENTITY_SET: "See the identities linked to yours",
    MANAGE_PROJECTS: "Register and change applications",
}
_GROUPS_SCOPES = {
    MANAGE_GROUPS: "See and manage your groups and their members",
    VIEW_GROUPS: "See your groups and their members",
}


class Scopes:
    """What can be asked for: Globus Auth's scopes, Globus Groups', the service's own, registered ones."""

    def __init__(self, *, service_client_id: str, registered: Callable[[], Sequence[ScopeRecord]]) -> None:
        self._registered = registered
        self._own_servers = dict.fromkeys(_AUTH_SCOPES, AUTH_RESOURCE_SERVER)
        self._own_servers |= dict.fromkeys(_GROUPS_SCOPES, GROUPS_RESOURCE_SERVER)
        self._own_servers[action_all(service_client_id)] = service_client_id
        self._own_descriptions = {
            **_AUTH_SCOPES,
            **_GROUPS_SCOPES,
            action_all(service_client_id): "Use the Octopus event fabric of this machine as you",
        }

    @property
    def descriptions(self) -> Mapping[str, str]:
        """What each scope allows, for the page that asks."""
        return {**{each.text: each.description for each in self._registered()}, **self._own_descriptions}

    def split(self, requested: str) -> tuple[dict[str, list[str]], bool]:
        """The scopes by resource server, in the order asked for, and whether refresh tokens are wanted.

        Raises:
            ValueError: none is asked for, or one that does not exist here; the message names it.
        """
        servers = {**{each.text: each.client for each in self._registered()}, **self._own_servers}
        by_server: dict[str, list[str]] = {}
        offline = False
        for scope in dict.fromkeys(requested.split()):
            if scope == OFFLINE_ACCESS:
                offline = True
                continue
            if scope not in servers:
                raise ValueError(
                    f"unknown scope {scope[:200]!r}; known here: {', '.join(servers)} "
                    "(the stand-in has no dependent scopes)"
                )
            by_server.setdefault(servers[scope], []).append(scope)
        if not by_server:
            raise ValueError("the scope parameter names no scope")
        return by_server, offline

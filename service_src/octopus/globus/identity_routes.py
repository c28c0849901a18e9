"""Who a token speaks for, who else is known, and how to check an id token."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from octopus.globus.authority import Authority
from octopus.globus.bearer import token_for_auth
from octopus.globus.errors import AuthError, forbidden, unauthorized
from octopus.globus.scopes import VIEW_IDENTITIES, VIEW_IDENTITY_SET
from octopus.globus.signing import ALGORITHM
from octopus.globus.store import Identity

_IDENTITY_PROVIDER = "0f1b4b5e-7d3a-4c53-9c0e-6f5f0d0e8a11"
"""The provider of every identity here; a constant of ours."""
_ORGANIZATION = "Octopus on this machine"
_MOST_IDENTITIES = 100
"""In one request, as with Globus Auth."""


class IdentityRoutes:
    """``userinfo``, the identities API, and OpenID Connect discovery."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        self.routes = [
            Route("/v2/oauth2/userinfo", self._userinfo, methods=["GET", "POST"]),
            Route("/v2/api/identities", self._list_identities),
            Route("/.well-known/openid-configuration", self._configuration),
            Route("/jwk.json", self._key_set),
            Route("/health", self._health),
        ]

    def _userinfo(self, request: Request) -> JSONResponse:
        token = token_for_auth(self._authority, request)
        granted = token.scope.split()
        if "openid" not in granted:
            raise forbidden("the token lacks the scope openid")
        subject = self._authority.clients.subject(token.subject)
        if subject is None:
            raise unauthorized("the token's identity is gone")
        body: dict[str, Any] = {"sub": subject.id}
        if "profile" in granted:
            body |= {
                "preferred_username": subject.username,
                "name": subject.name,
                "organization": _ORGANIZATION,
                "identity_provider": _IDENTITY_PROVIDER,
                "identity_provider_display_name": _ORGANIZATION,
                "last_authentication": token.issued,
            }
        if "email" in granted:
            body["email"] = subject.username
        if VIEW_IDENTITY_SET in granted:
            body["identity_set"] = [
                {"sub": each.id, "username": each.username, "name": each.name, "email": each.username}
                for each in self._authority.clients.identity_set(subject.id)
            ]
        return _reply(body)

    def _list_identities(self, request: Request) -> JSONResponse:
        if request.headers.get("authorization", "").lower().startswith("basic "):
            self._authority.clients.authenticate_confidential(request.headers["authorization"], {})
        elif VIEW_IDENTITIES not in token_for_auth(self._authority, request).scope.split():
            raise forbidden(f"the token lacks the scope {VIEW_IDENTITIES}")
        ids, usernames = (request.query_params.get(name) for name in ("ids", "usernames"))
        if (ids is None) == (usernames is None):
            raise AuthError("invalid_request", "give exactly one of the parameters ids and usernames")
        wanted = {part.strip().lower() for part in (ids or usernames or "").split(",")}
        if len(wanted) > _MOST_IDENTITIES:
            raise AuthError("invalid_request", f"at most {_MOST_IDENTITIES} identities in one request")
        known = self._authority.identities.list_identities()
        found = [each for each in known if (each.id if ids is not None else each.username) in wanted]
        return _reply({"identities": [_identity(each) for each in found]})

    def _configuration(self, _request: Request) -> JSONResponse:
        issuer = self._authority.issuer
        return _reply(
            {
                "issuer": issuer,
                "authorization_endpoint": f"{issuer}/v2/oauth2/authorize",
                "token_endpoint": f"{issuer}/v2/oauth2/token",
                "introspection_endpoint": f"{issuer}/v2/oauth2/token/introspect",
                "revocation_endpoint": f"{issuer}/v2/oauth2/token/revoke",
                "userinfo_endpoint": f"{issuer}/v2/oauth2/userinfo",
                "jwks_uri": f"{issuer}/jwk.json",
                "scopes_supported": list(self._authority.scopes.descriptions),
                "response_types_supported": ["code"],
                "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": [
                    "client_secret_basic",
                    "client_secret_post",
                    "none",
                ],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": [ALGORITHM],
                "claims_supported": [
                    "iss",
                    "aud",
                    "sub",
                    "iat",
                    "exp",
                    "name",
                    "preferred_username",
                    "email",
                ],
            }
        )

    def _key_set(self, _request: Request) -> JSONResponse:
        return _reply(self._authority.signer.key_set)

    def _health(self, _request: Request) -> JSONResponse:
        return _reply({"status": "ok"})


def _identity(identity: Identity) -> dict[str, Any]:
    return {
        "id": identity.id,
        "username": identity.username,
        "name": identity.name,
        "email": identity.username,
        "organization": _ORGANIZATION,
        "identity_provider": _IDENTITY_PROVIDER,
        "identity_type": "login",
        "status": "used",
    }


def _reply(body: dict[str, Any]) -> JSONResponse:
    return JSONResponse(body, headers={"Cache-Control": "no-store"})

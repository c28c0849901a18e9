"""The token endpoint, introspection and revocation."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from octopus.globus.authority import Authority
from octopus.globus.clients import Client
from octopus.globus.errors import AuthError
from octopus.globus.grants import Grant, IssuedToken
from octopus.globus.scopes import AUTH_RESOURCE_SERVER

_log = structlog.get_logger(__name__)

Form = Mapping[str, str]


class TokenRoutes:
    """What applications call, each with its id and secret, or with its id and PKCE."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        self.routes = [
            Route("/v2/oauth2/token", self._endpoint(self._token), methods=["POST"]),
            Route("/v2/oauth2/token/introspect", self._endpoint(self._introspect), methods=["POST"]),
            Route("/v2/oauth2/token/revoke", self._endpoint(self._revoke), methods=["POST"]),
        ]

    def _endpoint(self, answer: Callable[[str | None, Form], dict[str, Any]]) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            async with request.form(max_files=0) as received:
                form = {name: value for name, value in received.items() if isinstance(value, str)}
            body = await run_in_threadpool(answer, request.headers.get("authorization"), form)
            return JSONResponse(body, headers={"Cache-Control": "no-store"})

        return endpoint

    def _token(self, authorization: str | None, form: Form) -> dict[str, Any]:
        client = self._authority.clients.authenticate(authorization, form)
        grant_type = form.get("grant_type", "")
        match grant_type:
            case "client_credentials":
                body = self._client_credentials(client, form)
            case "authorization_code":
                body = self._authorization_code(client, form)
            case "refresh_token":
                body = self._refresh(client, form)
            case _:
                raise AuthError("unsupported_grant_type", f"grant_type is {grant_type[:64]!r}")
        _log.info("globus.granted", client=client.id, grant_type=grant_type)
        return body

    def _client_credentials(self, client: Client, form: Form) -> dict[str, Any]:
        if client.native:
            raise AuthError("unauthorized_client", "a native client has no identity of its own to log in as")
        try:
            scopes, _ = self._authority.scopes.split(form.get("scope", ""))
        except ValueError as error:
            raise AuthError("invalid_scope", str(error)) from error
        grant = Grant(client_id=client.id, subject=client.id, scopes=scopes, offline=False)
        return self._reply(grant.subject, client, self._authority.grants.issue_tokens(grant))

    def _authorization_code(self, client: Client, form: Form) -> dict[str, Any]:
        code = self._authority.grants.use_code(form.get("code", ""))
        if code is None or code.client_id != client.id:
            raise _invalid_grant("the code is unknown, expired, already used or another client's")
        if form.get("redirect_uri") != code.redirect_uri:
            raise _invalid_grant("redirect_uri is not the one that the code was asked for with")
        if code.challenge is not None and not _proves(form.get("code_verifier", ""), code.challenge):
            raise _invalid_grant("code_verifier does not fit the code_challenge (RFC 7636)")
        scopes, _ = self._authority.scopes.split(code.scope)
        grant = Grant(
            id=code.grant_id, client_id=client.id, subject=code.subject, scopes=scopes, offline=code.offline
        )
        issued = self._authority.grants.issue_tokens(grant)
        body = self._reply(code.subject, client, issued, nonce=code.nonce)
        return body if code.state is None else body | {"state": code.state}

    def _refresh(self, client: Client, form: Form) -> dict[str, Any]:
        refreshed = self._authority.grants.refresh(form.get("refresh_token", ""), client_id=client.id)
        if refreshed is None:
            raise _invalid_grant("the refresh token is unknown, expired, revoked or another client's")
        issued, subject = refreshed
        return self._reply(subject, client, [issued])

    def _reply(
        self, subject: str, client: Client, issued: list[IssuedToken], *, nonce: str | None = None
    ) -> dict[str, Any]:
        """One token on top and the rest in ``other_tokens``, which clients need even when it is empty."""
        documents = [_document(token) for token in issued]
        body = documents[0] | {"other_tokens": documents[1:]}
        for token in issued:
            if token.resource_server == AUTH_RESOURCE_SERVER and "openid" in token.scope.split():
                body["id_token"] = self._authority.id_token(
                    subject, client_id=client.id, access_token=token.access_token, nonce=nonce
                )
        return body

    def _introspect(self, authorization: str | None, form: Form) -> dict[str, Any]:
        client = self._authority.clients.authenticate_confidential(authorization, form)
        token = self._authority.grants.find(form.get("token", ""))
        subject = self._authority.clients.subject(token.subject) if token is not None else None
        if token is None or subject is None:
            return {"active": False}
        audience = list(dict.fromkeys((token.resource_server, token.client_id)))
        # A resource server learns nothing of tokens that are meant for another one.
        if client.id not in audience:
            return {"active": False}
        body: dict[str, Any] = {
            "active": True,
            "token_type": "Bearer",
            "sub": subject.id,
            "username": subject.username,
            "name": subject.name,
            "email": subject.username,
            "client_id": token.client_id,
            "scope": token.scope,
            "aud": audience,
            "iss": self._authority.issuer,
            "iat": token.issued,
            "nbf": token.issued,
            "exp": token.expires,
        }
        if "identity_set" in form.get("include", "").split(","):
            body["identity_set"] = [each.id for each in self._authority.clients.identity_set(subject.id)]
        return body

    def _revoke(self, authorization: str | None, form: Form) -> dict[str, Any]:
        client = self._authority.clients.authenticate(authorization, form)
        if not form.get("token"):
            raise AuthError("invalid_request", "the token parameter is missing")
        self._authority.grants.revoke(form["token"], client_id=client.id)
        _log.info("globus.revoked", client=client.id)
        return {"active": False}


def _document(token: IssuedToken) -> dict[str, Any]:
    document: dict[str, Any] = {
        "access_token": token.access_token,
        "token_type": "Bearer",
        "expires_in": token.expires_in,
        "resource_server": token.resource_server,
        "scope": token.scope,
    }
    return document if token.refresh_token is None else document | {"refresh_token": token.refresh_token}


def _proves(verifier: str, challenge: str) -> bool:
    digest = hashlib.sha256(verifier.encode()).digest()
    return hmac.compare_digest(base64.urlsafe_b64encode(digest).decode().rstrip("="), challenge)


def _invalid_grant(detail: str) -> AuthError:
    return AuthError("invalid_grant", detail)

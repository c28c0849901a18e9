"""Globus Auth's API for developers, as ``globus_sdk.AuthClient`` calls it: projects, clients, scopes."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import asdict, replace
from http import HTTPStatus
from typing import Any

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from octopus.globus.authority import Authority
from octopus.globus.bearer import token_for_auth
from octopus.globus.errors import AuthError, forbidden
from octopus.globus.registrations import CLIENT_TYPES, NATIVE, Project, Registered, ScopeRecord
from octopus.globus.scopes import MANAGE_PROJECTS

_SUFFIX = re.compile(r"[a-z0-9_]{1,64}", re.ASCII)

_log = structlog.get_logger(__name__)


class _Call:
    """One request of somebody who may manage projects, with what it carries."""

    def __init__(self, request: Request, body: Any, authority: Authority) -> None:
        token = token_for_auth(authority, request)
        if MANAGE_PROJECTS not in token.scope.split():
            raise forbidden(f"the token lacks the scope {MANAGE_PROJECTS}")
        self.subject = token.subject
        self.path = request.path_params
        self.parameters = request.query_params
        self._body = body
        self.projects = authority.registrations.projects_of(
            {each.id for each in authority.clients.identity_set(token.subject)}
        )

    def document(self, kind: str) -> dict[str, Any]:
        """What the body holds under this name, as each body here does."""
        document = self._body.get(kind) if isinstance(self._body, dict) else None
        if not isinstance(document, dict):
            raise _invalid(f"the body must be an object with one {kind}")
        return document

    def project(self, project_id: object) -> Project:
        """One of the caller's projects."""
        for each in self.projects:
            if each.id == project_id:
                return each
        raise forbidden("you administer no such project")


class DeveloperRoutes:
    """What an administrator of a project registers and changes."""

    def __init__(self, authority: Authority) -> None:
        self._registrations = authority.registrations
        self._authority = authority
        client = "/v2/api/clients/{client_id}"
        self.routes = [
            self._route("/v2/api/projects", GET=self._projects, POST=self._create_project),
            self._route("/v2/api/clients", GET=self._clients, POST=self._create_client),
            self._route(client, PUT=self._update_client),
            self._route(f"{client}/scopes", POST=self._create_scope),
            self._route(f"{client}/credentials", GET=self._credentials, POST=self._create_credential),
            self._route(f"{client}/credentials/{{credential_id}}", DELETE=self._delete_credential),
            self._route("/v2/api/scopes", GET=self._scopes),
            self._route("/v2/api/scopes/{scope_id}", PUT=self._update_scope),
        ]

    def _route(self, path: str, **answers: Callable[[_Call], dict[str, Any]]) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                body = await request.json() if request.method in ("POST", "PUT") else None
            except ValueError:
                raise _invalid("the body is not JSON") from None
            answer = answers[request.method]
            reply = await run_in_threadpool(lambda: answer(_Call(request, body, self._authority)))
            return JSONResponse(reply, headers={"Cache-Control": "no-store"})

        return Route(path, endpoint, methods=list(answers))

    def _projects(self, call: _Call) -> dict[str, Any]:
        return {"projects": [self._project_document(each) for each in call.projects]}

    def _create_project(self, call: _Call) -> dict[str, Any]:
        wanted = call.document("project")
        admins = wanted.get("admin_ids")
        if not admins or not isinstance(admins, list):
            raise _invalid("admin_ids must name at least one identity")
        if any(self._authority.clients.subject(str(each)) is None for each in admins):
            raise _invalid("admin_ids names an identity that is not known")
        made = self._registrations.create_project(
            name=_text(wanted, "display_name"), contact_email=_text(wanted, "contact_email"), admins=admins
        )
        _log.info("globus.project_created", project=made.id, subject=call.subject)
        return {"project": self._project_document(made)}

    def _clients(self, call: _Call) -> dict[str, Any]:
        return {"clients": [self._client_document(each) for each in self._clients_of(call)]}

    def _create_client(self, call: _Call) -> dict[str, Any]:
        wanted = call.document("client")
        kind, public = wanted.get("client_type"), wanted.get("public_client")
        if (kind is None) == (public is None):
            raise _invalid("give exactly one of client_type and public_client")
        kind = kind or (NATIVE if public else "hybrid_confidential_client_resource_server")
        if kind not in CLIENT_TYPES:
            raise _invalid(f"client_type must be one of {', '.join(CLIENT_TYPES)}")
        made = Registered(
            id=str(uuid.uuid4()),
            project=call.project(wanted.get("project")).id,
            name=_text(wanted, "name"),
            client_type=kind,
            visibility=str(wanted.get("visibility", "private")),
            redirect_uris=_uris(wanted, ()),
        )
        self._registrations.save_client(made)
        _log.info("globus.client_created", client=made.id, subject=call.subject)
        return {"client": self._client_document(made)}

    def _update_client(self, call: _Call) -> dict[str, Any]:
        before, wanted = self._client(call), call.document("client")
        changed = replace(
            before,
            name=_text({"name": before.name, **wanted}, "name"),
            visibility=str(wanted.get("visibility", before.visibility)),
            redirect_uris=_uris(wanted, before.redirect_uris),
        )
        self._registrations.save_client(changed)
        return {"client": self._client_document(changed)}

    def _scopes(self, call: _Call) -> dict[str, Any]:
        own = {each.id for each in self._clients_of(call)}
        strings, ids = (
            set(call.parameters[name].split(",")) if name in call.parameters else None
            for name in ("scope_strings", "ids")
        )
        return {
            "scopes": [
                _scope_document(each)
                for each in self._registrations.scopes()
                if each.client in own
                and (strings is None or each.text in strings)
                and (ids is None or each.id in ids)
            ]
        }

    def _create_scope(self, call: _Call) -> dict[str, Any]:
        client, wanted = self._client(call), call.document("scope")
        suffix = wanted.get("scope_suffix")
        if not isinstance(suffix, str) or _SUFFIX.fullmatch(suffix) is None:
            raise _invalid("scope_suffix must be lower-case letters, digits and underscores")
        if client.native:
            raise _invalid("a native client has no scopes")
        if any(each.client == client.id and each.suffix == suffix for each in self._registrations.scopes()):
            raise AuthError("conflict", f"the client has a scope {suffix}", HTTPStatus.CONFLICT)
        made = ScopeRecord(
            id=str(uuid.uuid4()),
            client=client.id,
            suffix=suffix,
            name=_text(wanted, "name"),
            description=_text(wanted, "description"),
            advertised=wanted.get("advertised") is True,
            allows_refresh_token=wanted.get("allows_refresh_token", True) is True,
        )
        self._registrations.save_scope(made)
        return {"scope": _scope_document(made)}

    def _update_scope(self, call: _Call) -> dict[str, Any]:
        own = {each.id for each in self._clients_of(call)}
        wanted = call.document("scope")
        for each in self._registrations.scopes():
            if each.id == call.path["scope_id"] and each.client in own:
                changed = replace(
                    each,
                    advertised=wanted.get("advertised", each.advertised) is True,
                    allows_refresh_token=wanted.get("allows_refresh_token", each.allows_refresh_token)
                    is True,
                )
                self._registrations.save_scope(changed)
                return {"scope": _scope_document(changed)}
        raise _not_found("scope")

    def _credentials(self, call: _Call) -> dict[str, Any]:
        found = self._registrations.credentials(self._client(call).id)
        return {"credentials": [asdict(each) | {"secret": None} for each in found]}

    def _create_credential(self, call: _Call) -> dict[str, Any]:
        client = self._client(call)
        if client.native:
            raise _invalid("a native client has no secret")
        made, secret = self._registrations.create_credential(
            client.id, name=_text(call.document("credential"), "name")
        )
        _log.info("globus.credential_created", client=client.id, subject=call.subject)
        return {"credential": asdict(made) | {"secret": secret}}

    def _delete_credential(self, call: _Call) -> dict[str, Any]:
        client = self._client(call)
        for each in self._registrations.credentials(client.id):
            if each.id == call.path["credential_id"]:
                self._registrations.delete_credential(client.id, each.id)
                return {"credential": asdict(each) | {"secret": None}}
        raise _not_found("credential")

    def _clients_of(self, call: _Call) -> list[Registered]:
        projects = {each.id for each in call.projects}
        return [each for each in self._registrations.clients() if each.project in projects]

    def _client(self, call: _Call) -> Registered:
        for each in self._clients_of(call):
            if each.id == call.path["client_id"]:
                return each
        raise _not_found("client")

    def _project_document(self, project: Project) -> dict[str, Any]:
        admins = [self._authority.clients.subject(each) for each in project.admins]
        return {
            "id": project.id,
            "display_name": project.name,
            "project_name": project.name,
            "contact_email": project.contact_email,
            "admin_ids": list(project.admins),
            "admin_group_ids": None,
            "admins": {"identities": [asdict(each) for each in admins if each is not None], "groups": []},
        }

    def _client_document(self, client: Registered) -> dict[str, Any]:
        grants = ["authorization_code", "client_credentials", "refresh_token"]
        return {
            **asdict(client),
            "redirect_uris": list(client.redirect_uris),
            "public_client": client.native,
            "grant_types": [each for each in grants if each != "client_credentials" or not client.native],
            "scopes": [each.id for each in self._registrations.scopes() if each.client == client.id],
            "fqdns": [],
            "links": {"privacy_policy": None, "terms_and_conditions": None},
            "parent_client": None,
            "preselect_idp": None,
            "prompt_for_named_grant": client.native,
            "required_idp": None,
            "userinfo_from_effective_identity": True,
        }


def _scope_document(scope: ScopeRecord) -> dict[str, Any]:
    document = asdict(scope)
    del document["suffix"]
    return {**document, "scope_string": scope.text, "required_domains": [], "dependent_scopes": []}


def _text(document: dict[str, Any], field: str) -> str:
    value = document.get(field)
    if not isinstance(value, str) or not value.strip() or len(value.splitlines()) > 1:
        raise _invalid(f"{field} must be text without line ends")
    return value


def _uris(document: dict[str, Any], default: tuple[str, ...]) -> tuple[str, ...]:
    value = document.get("redirect_uris", default)
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
        raise _invalid("redirect_uris must be a list of addresses")
    return tuple(value)


def _invalid(detail: str) -> AuthError:
    return AuthError("invalid_parameters", detail, HTTPStatus.UNPROCESSABLE_ENTITY)


def _not_found(what: str) -> AuthError:
    return AuthError("not_found", f"you administer no such {what}", HTTPStatus.NOT_FOUND)

"""The login page: who you are, what the application may do, and the code that says so (RFC 6749, 4.1)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from importlib import resources
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import jinja2
import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from octopus.errors import InvalidError
from octopus.globus.authority import Authority
from octopus.globus.clients import Client
from octopus.globus.grants import Code
from octopus.globus.redirects import CODE_PAGE, OwnPageOnly, RedirectRule
from octopus.globus.store import Identity, IdentityStore

_COOKIE = "octopus_stand_in_login"
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_CODE = re.compile(r"\w{1,254}", re.ASCII)
_CARRIED = (
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "access_type",
    "code_challenge",
    "code_challenge_method",
    "nonce",
)
"""Parameters of the request that the form hands back; all are checked again."""

_log = structlog.get_logger(__name__)


class _PageError(Exception):
    """The request cannot be answered to the application, since who asks or where to is not certain."""


class _RedirectError(Exception):
    """A refusal that the application is told, by OAuth2's error name."""

    def __init__(self, target: _Target, error: str, detail: str) -> None:
        super().__init__(detail)
        self.location = target.location(error=error, error_description=detail)


@dataclass(frozen=True)
class _Target:
    """Where the browser goes when the person has answered."""

    redirect_uri: str
    state: str | None

    def location(self, **parameters: str) -> str:
        parts = urlsplit(self.redirect_uri)
        if self.state is not None:
            parameters["state"] = self.state
        return urlunsplit(parts._replace(query=urlencode([*parse_qsl(parts.query), *parameters.items()])))


@dataclass(frozen=True)
class _AuthorizationRequest:
    client: Client
    target: _Target
    scopes: list[str]
    offline: bool
    challenge: str | None
    nonce: str | None
    parameters: Mapping[str, str]


class Login(Protocol):
    """How the login page finds out who is before it."""

    templates: str
    """Package whose templates come before the stand-in's own."""

    def shown(self, form: Mapping[str, str]) -> dict[str, Any]:
        """What the page's template needs; ``form`` is what was sent and refused, or empty."""

    def identify(self, form: Mapping[str, str]) -> Identity:
        """Who sent the form.

        Raises:
            InvalidError: the form does not say so; the page is shown again with the message.
        """


class AnyIdentity:
    """Takes everybody's word for it: see `Login`."""

    templates = "octopus.globus"

    def __init__(self, identities: IdentityStore) -> None:
        self._identities = identities

    def shown(self, form: Mapping[str, str]) -> dict[str, Any]:
        """The identities that there are, and the name that was typed."""
        return {"identities": self._identities.list_identities(), "name": form.get("other", "")[:64]}

    def identify(self, form: Mapping[str, str]) -> Identity:
        """The identity of the name typed or chosen, made on first use."""
        return self._identities.ensure_identity(form.get("other", "").strip() or form.get("identity", ""))


class AuthorizeRoutes:
    """The login page, the page that shows a code, and their style sheet. No page runs any script."""

    def __init__(self, authority: Authority, *, login: Login, redirects: RedirectRule | OwnPageOnly) -> None:
        self._authority = authority
        self._login = login
        self._redirects = redirects
        packages = dict.fromkeys((login.templates, "octopus.globus"))
        self._templates = jinja2.Environment(
            loader=jinja2.ChoiceLoader([jinja2.PackageLoader(package) for package in packages]),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
        )
        self._style = resources.files("octopus.globus").joinpath("templates/page.css").read_text()
        self.routes = [
            Route("/v2/oauth2/authorize", self._ask, methods=["GET"]),
            Route("/v2/oauth2/authorize", self._answer, methods=["POST"]),
            Route(CODE_PAGE, self._show_code),
            Route("/v2/web/page.css", self._style_sheet),
        ]

    def _ask(self, request: Request) -> Response:
        try:
            asked = self._read(request.query_params)
        except _PageError as error:
            return self._error_page(str(error))
        except _RedirectError as error:
            return _redirect(error.location)
        return self._form_page(asked, problem=None, form={})

    async def _answer(self, request: Request) -> Response:
        async with request.form(max_files=0) as received:
            form = {name: value for name, value in received.items() if isinstance(value, str)}
        return await run_in_threadpool(self._decide, request, form)

    def _decide(self, request: Request, form: Mapping[str, str]) -> Response:
        if not self._is_own_form(request, form):
            return self._error_page(
                "This form did not come from this page, or cookies are off. Open the login address again.",
                status=HTTPStatus.FORBIDDEN,
            )
        try:
            asked = self._read(form)
        except _PageError as error:
            return self._error_page(str(error))
        except _RedirectError as error:
            return _redirect(error.location)
        if form.get("decision") != "allow":
            return _redirect(
                asked.target.location(error="access_denied", error_description="The person said no.")
            )
        try:
            identity = self._login.identify(form)
        except InvalidError as error:
            return self._form_page(asked, problem=error.message, form=form, status=HTTPStatus.BAD_REQUEST)
        code = self._authority.grants.issue_code(
            Code(
                grant_id=str(uuid.uuid4()),
                client_id=asked.client.id,
                subject=identity.id,
                redirect_uri=asked.target.redirect_uri,
                scope=" ".join(asked.scopes),
                challenge=asked.challenge,
                nonce=asked.nonce,
                state=asked.target.state,
                offline=asked.offline,
            )
        )
        _log.info("globus.consented", client=asked.client.id, subject=identity.id)
        return _redirect(asked.target.location(code=code))

    def _read(self, parameters: Mapping[str, str]) -> _AuthorizationRequest:
        client = self._authority.clients.find(parameters.get("client_id", ""))
        if client is None:
            raise _PageError("The application that sent you here is not known (client_id).")
        redirect_uri = parameters.get("redirect_uri", "")
        if not self._redirects.allows(redirect_uri):
            raise _PageError(f"The address to go back to (redirect_uri) is refused: {self._redirects.text}.")
        target = _Target(redirect_uri, parameters.get("state"))
        if parameters.get("response_type") != "code":
            raise _RedirectError(target, "unsupported_response_type", "response_type must be code")
        try:
            by_server, offline = self._authority.scopes.split(parameters.get("scope", ""))
        except ValueError as error:
            raise _RedirectError(target, "invalid_scope", str(error)) from error
        return _AuthorizationRequest(
            client=client,
            target=target,
            scopes=[scope for scopes in by_server.values() for scope in scopes],
            offline=offline or parameters.get("access_type") == "offline",
            challenge=_challenge(client, target, parameters),
            nonce=parameters.get("nonce"),
            parameters={name: parameters[name] for name in _CARRIED if name in parameters},
        )

    def _form_page(
        self,
        asked: _AuthorizationRequest,
        *,
        problem: str | None,
        form: Mapping[str, str],
        status: HTTPStatus = HTTPStatus.OK,
    ) -> Response:
        visit = secrets.token_urlsafe(24)
        page = self._page(
            "authorize.html",
            status=status,
            # A browser holds the redirect after the form to this list as well.
            form_action=f"'self' {_origin(asked.target.redirect_uri)}",
            client=asked.client,
            descriptions=[self._authority.scopes.descriptions[scope] for scope in asked.scopes],
            offline=asked.offline,
            parameters=asked.parameters,
            proof=self._proof(visit),
            problem=problem,
            **self._login.shown(form),
        )
        page.set_cookie(_COOKIE, visit, path="/v2/oauth2/authorize", httponly=True, samesite="strict")
        return page

    def _is_own_form(self, request: Request, form: Mapping[str, str]) -> bool:
        """Whether the form was made for this browser by us, and sent from our own page (when it says)."""
        origin = request.headers.get("origin")
        if origin is not None and origin != f"http://{request.headers['host']}":
            return False
        visit = request.cookies.get(_COOKIE)
        return visit is not None and hmac.compare_digest(
            self._proof(visit).encode(), form.get("proof", "").encode()
        )

    def _proof(self, visit: str) -> str:
        digest = hmac.digest(self._authority.form_key, visit.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def _show_code(self, request: Request) -> Response:
        code = request.query_params.get("code", "")
        if _CODE.fullmatch(code) is None:
            denied = request.query_params.get("error_description", "There is no code in this address.")
            return self._error_page(denied[:500])
        return self._page("code.html", code=code)

    def _style_sheet(self, _request: Request) -> Response:
        return Response(self._style, media_type="text/css")

    def _error_page(self, problem: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> Response:
        return self._page("error.html", status=status, problem=problem)

    def _page(
        self, template: str, *, status: HTTPStatus = HTTPStatus.OK, form_action: str = "'none'", **values: Any
    ) -> HTMLResponse:
        return HTMLResponse(
            self._templates.get_template(template).render(values),
            status_code=status,
            headers={
                "Cache-Control": "no-store",
                "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; "
                f"frame-ancestors 'none'; form-action {form_action}",
                # Not no-referrer: a browser would then send "Origin: null" with the form.
                "Referrer-Policy": "same-origin",
                "X-Content-Type-Options": "nosniff",
            },
        )


def _challenge(client: Client, target: _Target, parameters: Mapping[str, str]) -> str | None:
    challenge = parameters.get("code_challenge")
    if challenge is None:
        if client.native:
            raise _RedirectError(
                target, "invalid_request", "a native client must send a code_challenge (PKCE)"
            )
        return None
    if parameters.get("code_challenge_method") != "S256":
        raise _RedirectError(target, "invalid_request", "code_challenge_method must be S256")
    if _CHALLENGE.fullmatch(challenge) is None:
        raise _RedirectError(target, "invalid_request", "code_challenge is not the base64url of a SHA-256")
    return challenge


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _redirect(location: str) -> Response:
    # 303 turns the form's POST into a GET.
    return RedirectResponse(location, status_code=HTTPStatus.SEE_OTHER, headers={"Cache-Control": "no-store"})

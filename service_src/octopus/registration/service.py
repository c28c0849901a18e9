"""Registers an institution at Globus Auth, or says what is there: any number of times, to the same end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from globus_sdk import AuthClient

from octopus.errors import InvalidError
from octopus.identity.scopes import action_all
from octopus.registration.models import Mode, Outcome, State, Wanted
from octopus.registration.secret import SecretPlace

ClientType = Literal["hybrid_confidential_client_resource_server", "public_installed_client"]
SERVICE: ClientType = "hybrid_confidential_client_resource_server"
"""May introspect tokens, act as itself, and own a scope."""
NATIVE: ClientType = "public_installed_client"

_SCOPE_WANTS = {
    "allows_refresh_token": "allows no refresh tokens, so that people log in again every two days",
    "advertised": "is not advertised, so that only clients of its own project may ask for it",
}
"""Fields that must be true, and what is wrong when they are not."""

_Document = Mapping[str, Any]


class Registration:
    """The registration of one institution, by somebody who may manage projects.

    Args:
        accepts: whether Globus Auth takes this secret of this client.
    """

    def __init__(
        self,
        auth: AuthClient,
        *,
        wanted: Wanted,
        secret: SecretPlace,
        accepts: Callable[[str, str], bool],
        mode: Mode,
    ) -> None:
        self._auth = auth
        self._wanted = wanted
        self._secret = secret
        self._accepts = accepts
        self._mode = mode
        self._outcome = Outcome()

    def run(self) -> Outcome:
        """Go through the parts, each made or mended as far as the mode allows.

        Raises:
            InvalidError: what was asked for does not exist, is there twice, or lacks a contact.
            GlobusAPIError: Globus Auth refused.
            ClientError: AWS refused.
        """
        project = self._project()
        if project is None:
            self._wait_for("project", "client", "scope", "native client", "secret")
            return self._outcome
        client = self._service_client(project)
        if client is None:
            self._wait_for("client", "scope", "secret")
        else:
            self._scope(client)
            self._keep_secret(client)
        self._outcome.client_id = client
        self._outcome.native_client_id = self._native_client(project)
        return self._outcome

    def _wait_for(self, cause: str, *parts: str) -> None:
        for part in parts:
            self._outcome.add(part, State.MISSING, f"waits for the {cause}")

    def _project(self) -> str | None:
        projects = list(self._auth.get_projects())
        if self._wanted.client_id is not None:
            owner = self._client_by_id(self._wanted.client_id)["project"]
            found = [each for each in projects if each["id"] == owner]
        else:
            found = [each for each in projects if each["display_name"] == self._wanted.project]
        one = _only(found, f"projects called {self._wanted.project}")
        if one is not None:
            self._outcome.add("project", State.THERE, f"{one['display_name']} ({one['id']})")
            return str(one["id"])
        if self._wanted.client_id is not None:
            raise InvalidError(
                f"client: you do not administer the project of {self._wanted.client_id}; have one of its"
                " administrators run this, or add you"
            )
        if self._mode is Mode.CHECK:
            self._outcome.add("project", State.MISSING, f"you administer no project {self._wanted.project}")
            return None
        who = self._auth.userinfo()
        contact = self._wanted.contact or who.get("email")
        if not contact:
            raise InvalidError(
                "contact: Globus Auth knows no e-mail address of yours; give one with --contact"
            )
        made = self._auth.create_project(self._wanted.project, contact, admin_ids=who["sub"])["project"]
        self._outcome.add("project", State.MADE, f"{self._wanted.project} ({made['id']})")
        return str(made["id"])

    def _service_client(self, project: str) -> str | None:
        if self._wanted.client_id is not None:
            named = [self._client_by_id(self._wanted.client_id)]
        else:
            named = self._clients(project, self._wanted.client)
        fitting = [each for each in named if each["client_type"] == SERVICE]
        one = _only(fitting, f"clients called {self._wanted.client}")
        if one is not None:
            self._outcome.add("client", State.THERE, f"{one['name']} ({one['id']})")
            return str(one["id"])
        if named and self._mode is not Mode.FIX:
            # A client's kind cannot be changed at Globus Auth.
            self._outcome.add(
                "client",
                State.DIFFERS,
                f"{named[0]['name']} ({named[0]['id']}) is of the kind {named[0]['client_type']}, which "
                f"cannot be changed to {SERVICE}; --fix makes another client beside it",
            )
            return None
        return self._make_client("client", project, self._wanted.client, SERVICE, mended=bool(named))

    def _native_client(self, project: str) -> str | None:
        name = f"{self._wanted.client} command line"
        named = [each for each in self._clients(project, name) if each["client_type"] == NATIVE]
        one = _only(named, f"native clients called {name}")
        if one is None:
            return self._make_client("native client", project, name, NATIVE, redirects=self._wanted.redirects)
        lacking = [each for each in self._wanted.redirects if each not in one["redirect_uris"]]
        about = f"{name} ({one['id']})"
        if not lacking:
            self._outcome.add("native client", State.THERE, about)
        elif self._mode is Mode.FIX:
            self._auth.update_client(one["id"], redirect_uris=[*one["redirect_uris"], *lacking])
            self._outcome.add(
                "native client", State.MENDED, f"{about} may be sent back to {', '.join(lacking)}"
            )
        else:
            self._outcome.add(
                "native client", State.DIFFERS, f"{about} may not be sent back to {', '.join(lacking)}"
            )
        return str(one["id"])

    def _make_client(
        self,
        part: str,
        project: str,
        name: str,
        kind: ClientType,
        *,
        redirects: tuple[str, ...] = (),
        mended: bool = False,
    ) -> str | None:
        if self._mode is Mode.CHECK:
            self._outcome.add(part, State.MISSING, f"the project has no {name}")
            return None
        made = self._auth.create_client(
            name, project, client_type=kind, visibility="private", redirect_uris=list(redirects)
        )["client"]
        self._outcome.add(part, State.MENDED if mended else State.MADE, f"{name} ({made['id']})")
        return str(made["id"])

    def _scope(self, client: str) -> None:
        text = action_all(client)
        found = next((each for each in self._auth.get_scopes() if each["scope_string"] == text), None)
        if found is None:
            if self._mode is Mode.CHECK:
                self._outcome.add("scope", State.MISSING, text)
                return
            self._auth.create_scope(
                client,
                "Octopus",
                f"Use the event fabric {self._wanted.client} as you",
                "action_all",
                advertised=True,
                allows_refresh_token=True,
            )
            self._outcome.add("scope", State.MADE, text)
            return
        wrong = [problem for field, problem in _SCOPE_WANTS.items() if not found[field]]
        if not wrong:
            self._outcome.add("scope", State.THERE, text)
        elif self._mode is Mode.FIX:
            self._auth.update_scope(found["id"], advertised=True, allows_refresh_token=True)
            self._outcome.add("scope", State.MENDED, text)
        else:
            self._outcome.add("scope", State.DIFFERS, f"{text} {' and '.join(wrong)}")

    def _keep_secret(self, client: str) -> None:
        kept = self._secret.read()
        if self._wanted.new_secret and kept is not None:
            self._make_secret(client)
            self._outcome.add("secret", State.MADE, f"{self._secret.name}, in place of the one before")
        elif kept is not None and self._accepts(client, kept):
            self._outcome.add("secret", State.THERE, self._secret.name)
        elif kept is not None and self._mode is not Mode.FIX:
            self._outcome.add(
                "secret", State.DIFFERS, f"{self._secret.name} holds no secret that the client accepts"
            )
        elif self._mode is Mode.CHECK:
            self._outcome.add("secret", State.MISSING, self._secret.name)
        else:
            self._make_secret(client)
            state = State.MADE if kept is None else State.MENDED
            self._outcome.add("secret", state, self._secret.name)

    def _make_secret(self, client: str) -> None:
        made = self._auth.create_client_credential(client, "octopus globus setup")["credential"]
        try:
            self._secret.write(made["secret"])
        except BaseException:
            # Globus Auth shows a secret once: one that was not kept is of no use to anybody.
            self._auth.delete_client_credential(client, made["id"])
            raise

    def _clients(self, project: str, name: str) -> list[_Document]:
        return [
            each for each in self._auth.get_clients() if (each["project"], each["name"]) == (project, name)
        ]

    def _client_by_id(self, client_id: str) -> _Document:
        for each in self._auth.get_clients():
            if each["id"] == client_id:
                return dict(each)
        raise InvalidError(f"client: you administer no Globus client {client_id}")


def _only(found: list[_Document], what: str) -> _Document | None:
    if len(found) > 1:
        ids = ", ".join(str(each["id"]) for each in found)
        raise InvalidError(
            f"there are {len(found)} {what}: {ids}; rename all but one, or name the service's client "
            "with --client"
        )
    return found[0] if found else None

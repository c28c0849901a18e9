"""What the published SDK takes for Globus Auth: one person's, on this machine, for as long as it runs.

It is the stand-in of a local fabric with another login page: the only identity is the person who is logged in
to the fabric, and the page wants a code that only that person sees.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from sqlite3 import Row
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware

from octopus.connect.confirmation import Confirmation
from octopus.connect.login import Person
from octopus.errors import InvalidError
from octopus.fabric.settings import PUBLISHED_CLIENT_ID
from octopus.globus.app import OwnHostOnly
from octopus.globus.authority import Authority
from octopus.globus.authorize_routes import AuthorizeRoutes
from octopus.globus.errors import AuthError, answer
from octopus.globus.identity_routes import IdentityRoutes
from octopus.globus.redirects import OwnPageOnly
from octopus.globus.store import Identity, IdentityStore
from octopus.globus.token_routes import TokenRoutes
from octopus.identity.scopes import action_all

HOST = "127.0.0.1"
_TOKEN_LIFE_S = 3600


class _OnePerson(IdentityStore):
    """The person alone, under the name and UUID that Globus Auth has for him."""

    def __init__(self, path: Path, person: Person) -> None:
        super().__init__(path)
        with self.database.transaction() as cursor:
            cursor.execute(
                "INSERT INTO identities VALUES (?, ?, ?)", (person.subject, person.username, int(time.time()))
            )

    def _identity(self, row: Row) -> Identity:
        return replace(super()._identity(row), username=row["name"])


class _WithCode:
    """The login page's question: see `octopus.globus.authorize_routes.Login`."""

    templates = "octopus.connect"

    def __init__(self, identity: Identity, confirmation: Confirmation, fabric_url: str) -> None:
        self._identity = identity
        self._confirmation = confirmation
        self._fabric_url = fabric_url

    def shown(self, _form: Mapping[str, str]) -> dict[str, Any]:
        """Who lets a program in, and to what."""
        return {"username": self._identity.username, "fabric": self._fabric_url}

    def identify(self, form: Mapping[str, str]) -> Identity:
        """The person, by the code of the terminal."""
        if not self._confirmation.take(form.get("confirmation", "")):
            raise InvalidError("That is not the code that the terminal of `octopus connect` shows last.")
        return self._identity


class LocalAuth:
    """Logins of programs as one person; nothing that it gives out outlives it.

    Args:
        person: who is logged in to the fabric.
        fabric_url: which the page names.
        store: a new file, in a folder of the person's own.
        port: on 127.0.0.1.
    """

    def __init__(self, person: Person, *, fabric_url: str, store: Path, port: int) -> None:
        self.url = f"http://{HOST}:{port}/"
        self._port = port
        self._fabric_url = fabric_url
        self._person = person
        self._authority = Authority(
            _OnePerson(store, person),
            issuer=self.url.rstrip("/"),
            service_client_id=PUBLISHED_CLIENT_ID,
            # Nobody here is the service, which introspects tokens: who was let in is asked in this process.
            service_client_secret=secrets.token_urlsafe(32),
            token_life=_TOKEN_LIFE_S,
        )

    @property
    def identity(self) -> Identity:
        """The person as the SDK's client: its id and secret are a login without a page."""
        (only,) = self._authority.identities.list_identities()
        return only

    def is_token(self, text: str) -> bool:
        """Whether that is a live token of the person's for the fabric, given out here."""
        token = self._authority.grants.find(text)
        return (
            token is not None
            and token.subject == self._person.subject
            and action_all(PUBLISHED_CLIENT_ID) in token.scope.split()
        )

    def app(self, confirmation: Confirmation) -> Starlette:
        """The endpoints that a login needs."""
        page = _WithCode(self.identity, confirmation, self._fabric_url)
        return Starlette(
            routes=[
                *TokenRoutes(self._authority).routes,
                *IdentityRoutes(self._authority).routes,
                *AuthorizeRoutes(
                    self._authority, login=page, redirects=OwnPageOnly(issuer=self._authority.issuer)
                ).routes,
            ],
            middleware=[Middleware(OwnHostOnly, port=self._port)],
            exception_handlers={AuthError: answer},
        )

    def close(self) -> None:
        """Close the store."""
        self._authority.close()

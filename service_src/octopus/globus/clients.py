"""Applications that may ask for tokens: the service, published ones, registered ones, each identity."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from octopus.globus.errors import AuthError
from octopus.globus.registrations import Registrations
from octopus.globus.store import DOMAIN, IdentityStore

SDK_CLIENT_ID = "c5d4fab4-7f0d-422e-b0c8-5c74329b52fe"
"""The native client that the published SDK logs people in with."""
CLI_CLIENT_ID = "7c0f1c3e-93c1-4a53-8c27-5d0b7d1d6c48"
"""The native client of the ``octopus`` command."""

_NATIVE = {SDK_CLIENT_ID: "Diaspora Event SDK", CLI_CLIENT_ID: "Octopus command line"}


@dataclass(frozen=True, kw_only=True)
class Client:
    """An application. A *native* one has no secret and proves itself by PKCE (RFC 7636)."""

    id: str
    name: str
    native: bool


@dataclass(frozen=True, kw_only=True)
class Subject:
    """Whom a token speaks for: a person, or an application acting as itself."""

    id: str
    username: str
    name: str


class Clients:
    """The applications and subjects known to the stand-in."""

    def __init__(
        self,
        *,
        service_client_id: str,
        service_client_secret: str,
        identities: IdentityStore,
        registrations: Registrations,
    ) -> None:
        self.service_client_id = service_client_id
        self._service_secret = service_client_secret
        self._identities = identities
        self._registrations = registrations

    def find(self, client_id: str) -> Client | None:
        """The application of this id, if there is one."""
        client_id = client_id.lower()
        if client_id in _NATIVE:
            return Client(id=client_id, name=_NATIVE[client_id], native=True)
        if client_id == self.service_client_id:
            return Client(id=client_id, name="Octopus web service", native=False)
        registered = self._registrations.find_client(client_id)
        if registered is not None:
            return Client(id=client_id, name=registered.name, native=registered.native)
        identity = self._identities.find(client_id)
        return Client(id=identity.id, name=identity.username, native=False) if identity else None

    def subject(self, subject_id: str) -> Subject | None:
        """The person or application that a token of this subject speaks for."""
        if subject_id == self.service_client_id:
            return _itself(subject_id, "Octopus web service")
        registered = self._registrations.find_client(subject_id)
        if registered is not None:
            return _itself(subject_id, registered.name)
        identity = self._identities.find(subject_id)
        return Subject(id=identity.id, username=identity.username, name=identity.name) if identity else None

    def identity_set(self, subject_id: str) -> list[Subject]:
        """A subject and those linked to it, itself first; empty when there is no such subject."""
        people = [
            Subject(id=each.id, username=each.username, name=each.name)
            for each in self._identities.identity_set(subject_id)
        ]
        alone = self.subject(subject_id)
        return people or ([alone] if alone is not None else [])

    def authenticate(self, authorization: str | None, form: Mapping[str, str]) -> Client:
        """The application behind a request: HTTP Basic, or ``client_id`` and ``client_secret`` in the form.

        A native client gives its id alone.

        Raises:
            AuthError: unknown, or its secret is wrong or missing.
        """
        client_id, secret = _basic(authorization) or (
            form.get("client_id", ""),
            form.get("client_secret", ""),
        )
        client = self.find(client_id)
        if client is None:
            raise _invalid_client(
                f"unknown client {client_id[:64]!r}" if client_id else "no client was named"
            )
        if not client.native and not self._proves(client, secret):
            raise _invalid_client(f"the secret of client {client.id} is missing or wrong")
        return client

    def authenticate_confidential(self, authorization: str | None, form: Mapping[str, str]) -> Client:
        """Like ``authenticate``, for what needs a secret.

        Raises:
            AuthError: as ``authenticate``, or the client is a native one.
        """
        client = self.authenticate(authorization, form)
        if client.native:
            raise _invalid_client("a native client cannot do this: it has no secret")
        return client

    def _proves(self, client: Client, secret: str) -> bool:
        if self._registrations.find_client(client.id) is not None:
            return self._registrations.is_secret(client.id, secret)
        if client.id == self.service_client_id:
            expected = self._service_secret
        else:
            identity = self._identities.find(client.id)
            if identity is None:
                raise _invalid_client(f"unknown client {client.id}")
            expected = identity.secret
        return hmac.compare_digest(secret.encode(), expected.encode())


def _itself(client_id: str, name: str) -> Subject:
    return Subject(id=client_id, username=f"{client_id}@clients.{DOMAIN}", name=name)


def _basic(authorization: str | None) -> tuple[str, str] | None:
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        colon = ""
    if not colon:
        raise _invalid_client("the Authorization header is not HTTP Basic with an id and a secret")
    return client_id, secret


def _invalid_client(detail: str) -> AuthError:
    return AuthError("invalid_client", detail, HTTPStatus.UNAUTHORIZED)

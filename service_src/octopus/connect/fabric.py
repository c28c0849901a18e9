"""The fabric that a person connects to: its address, and what it says of itself."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
from pydantic import ValidationError

from octopus.about.models import AboutFabric
from octopus.connect.errors import ConnectError
from octopus.globus.settings import is_loopback_url
from octopus.settings import GLOBUS_AUTH_URL

_TRUSTED = "OCTOPUS_GLOBUS_AUTH_URL"
"""Names another Globus Auth that the person trusts."""
_SECONDS = 15
"""The gateway's own patience is shorter, but a service that scales from nothing takes its time."""


@dataclass(frozen=True)
class Fabric:
    """A fabric that a person can log in to."""

    url: str
    """Without a slash at its end; with the path of a gateway's stage if that has one."""
    about: AboutFabric
    client_id: str
    """Globus client of its service."""

    @property
    def folder_name(self) -> str:
        """Of what is kept of it on this machine: told apart by the whole address, recognised by the host."""
        digest = hashlib.sha256(self.url.encode()).hexdigest()[:8]
        return f"{urlsplit(self.url).hostname}-{digest}".replace(":", "_")


def find_fabric(address: str) -> Fabric:
    """The fabric at an address.

    Raises:
        ConnectError: the address is none that tokens may be sent to, nobody answers, no fabric does, or it
            lets nobody log in yet.
    """
    url = _checked(address)
    about = _ask(url)
    if about.globus_client_id is None:
        raise ConnectError(
            f"{url} lets nobody log in yet: its operator has to deploy it with globus_client_id."
        )
    if not _is_trusted_auth(about.globus_auth_url, url):
        raise ConnectError(
            f"{url} wants you to log in at {about.globus_auth_url}, which is not Globus Auth "
            f"({GLOBUS_AUTH_URL}): if you trust it with your login, name it in {_TRUSTED}."
        )
    return Fabric(url, about, about.globus_client_id)


def _checked(address: str) -> str:
    """An address without what has no meaning in it."""
    try:
        parts = urlsplit(address)
        named = parts.hostname is not None and parts.port != 0
    except ValueError:
        named = False
    if named and parts.username is not None:
        raise ConnectError("URL must hold no user name and no password: you log in at Globus Auth")
    if not named or parts.query or parts.fragment:
        raise ConnectError(
            f"URL must be a fabric's address such as https://octopus.lab.example, not {address}"
        )
    if not _may_get_secrets(address):
        raise ConnectError(
            f"URL must begin with https://, so that nobody on the way reads your token; it is {address}"
        )
    return address.rstrip("/")


def _is_trusted_auth(auth_url: str, fabric_url: str) -> bool:
    """Whether a login may go there: anybody can serve a document that names an address of his own."""
    if auth_url in (GLOBUS_AUTH_URL, os.environ.get(_TRUSTED)):
        return True
    return is_loopback_url(auth_url) and is_loopback_url(fabric_url)


def _may_get_secrets(url: str) -> bool:
    return urlsplit(url).scheme == "https" or is_loopback_url(url)


def _ask(url: str) -> AboutFabric:
    try:
        reply = httpx.get(f"{url}/api/v3/public/about", timeout=_SECONDS)
    except httpx.TransportError as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            raise ConnectError(
                f"{url} shows a certificate that this machine does not trust: name the file of whoever "
                "signed it in SSL_CERT_FILE."
            ) from error
        raise ConnectError(
            f"No answer from {url} ({type(error).__name__}): check the address, and whether this machine "
            "needs HTTPS_PROXY to reach it."
        ) from error
    if reply.status_code in (429, 500, 502, 503, 504):
        raise ConnectError(f"{url} answers HTTP {reply.status_code} for now: try again in a minute.")
    try:
        return AboutFabric.model_validate_json(reply.content if reply.is_success else b"")
    except ValidationError as error:
        raise ConnectError(
            f"{url} is no Octopus fabric, or one of an older release (HTTP {reply.status_code} at "
            "/api/v3/public/about): check the address."
        ) from error

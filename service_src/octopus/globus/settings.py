"""What the stand-in is told, and why it may refuse to start: it never stands beside the real Globus Auth."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from octopus.globus.database import check_private


class StandInSettings(BaseSettings):
    """Each field is read from ``OCTOPUS_<FIELD>``."""

    model_config = SettingsConfigDict(env_prefix="OCTOPUS_", frozen=True, extra="ignore")

    globus_auth_url: str | None = None
    """What every process of this machine is told of Globus Auth; must be this stand-in's own address."""
    globus_host: str = "127.0.0.1"
    globus_port: int = Field(default=8100, ge=1, le=65535)
    globus_store: Path
    """The SQLite file of identities, tokens and keys; made with mode 0600."""
    globus_client_id: UUID
    """Of the web service: audience of its tokens, and base of their scope."""
    globus_client_secret_file: Path
    """Holds that client's secret; mode 0600."""
    globus_token_life: int = Field(default=48 * 3600, ge=1)
    """Of an access token, in seconds; Globus Auth gives 48 hours."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @property
    def own_url(self) -> str:
        """``http://<host>:<port>``, without a slash at the end: the issuer of its tokens."""
        host = f"[{self.globus_host}]" if ":" in self.globus_host else self.globus_host
        return f"http://{host}:{self.globus_port}"

    def client_secret(self) -> str:
        """The service client's secret.

        Raises:
            RefusedError: the file is missing, empty, or readable by others.
        """
        try:
            check_private(self.globus_client_secret_file)
            secret = self.globus_client_secret_file.read_text().strip()
        except OSError as error:
            raise RefusedError(f"OCTOPUS_GLOBUS_CLIENT_SECRET_FILE cannot be used: {error}") from error
        if not secret:
            raise RefusedError(
                f"OCTOPUS_GLOBUS_CLIENT_SECRET_FILE is empty: {self.globus_client_secret_file}"
            )
        return secret


class RefusedError(Exception):
    """The stand-in must not start; the message is one sentence."""


def check_alone(settings: StandInSettings, environment: Mapping[str, str] = os.environ) -> None:
    """Return when nothing configured here belongs to the real Globus Auth, nor opens this one to a network.

    Raises:
        RefusedError: with the setting that stands in the way.
    """
    if not _is_loopback(settings.globus_host):
        raise RefusedError(
            "the Globus stand-in listens on a loopback address only (127.0.0.1 or ::1), "
            f"and OCTOPUS_GLOBUS_HOST is {settings.globus_host!r}"
        )
    if settings.globus_auth_url is None:
        raise RefusedError(
            "the Globus stand-in starts only where OCTOPUS_GLOBUS_AUTH_URL names it: without that setting "
            "the fabric uses the real Globus Auth"
        )
    if settings.globus_auth_url.rstrip("/") != settings.own_url:
        raise RefusedError(
            "the Globus stand-in starts only where OCTOPUS_GLOBUS_AUTH_URL is its own address "
            f"{settings.own_url}/, and that setting is {settings.globus_auth_url!r}"
        )
    sdk_url = environment.get("GLOBUS_SDK_SERVICE_URL_AUTH")
    if sdk_url and not is_loopback_url(sdk_url):
        raise RefusedError(
            "the Globus stand-in does not start beside another Globus Auth: "
            f"GLOBUS_SDK_SERVICE_URL_AUTH is {sdk_url!r}"
        )
    if environment.get("OCTOPUS_GLOBUS_CLIENT_SECRET"):
        raise RefusedError(
            "the Globus stand-in does not start beside the secret of a real Globus client: "
            "OCTOPUS_GLOBUS_CLIENT_SECRET is set"
        )
    if environment.get("OCTOPUS_GLOBUS_SECRET_NAME") and not is_loopback_url(
        environment.get("AWS_ENDPOINT_URL", "")
    ):
        raise RefusedError(
            "the Globus stand-in does not start beside the secret of a real Globus client: "
            "OCTOPUS_GLOBUS_SECRET_NAME is set and AWS_ENDPOINT_URL is not on this machine"
        )


def is_loopback_url(url: str) -> bool:
    """Whether the URL is plain HTTP or HTTPS to this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    return (
        parts.scheme in {"http", "https"} and host is not None and (host == "localhost" or _is_loopback(host))
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

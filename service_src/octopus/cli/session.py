"""Who the command acts as, and its calls to the web service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from octopus.errors import NotAuthenticatedError, OctopusError
from octopus.fabric.settings import FabricSettings

_SECONDS = 60
"""Longer than any reply may take, so that the service's own answer is what a person sees."""


@dataclass(frozen=True, kw_only=True)
class Session:
    """One caller of the web service."""

    subject: str
    """UUID of the Globus identity."""
    authorization: str
    url: str
    """The web service."""

    def call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> dict[str, Any]:
        """Call a management route; returns the reply's body.

        Args:
            body: what the request carries, as JSON.

        Raises:
            OctopusError: the service refused, with its own message.
            httpx.HTTPError: there was no usable answer.
        """
        headers = {"Subject": self.subject, "Authorization": self.authorization}
        reply = httpx.request(
            method, f"{self.url}/api/v3/{path}", headers=headers, json=body, timeout=_SECONDS
        )
        try:
            answer = reply.json()
        except ValueError:
            answer = {}
        if reply.is_success and answer.get("status") == "success":
            return dict(answer)
        raise OctopusError(
            answer.get("message") or f"HTTP {reply.status_code} without a message from {reply.url}"
        )


def open_session(as_name: str | None) -> Session:
    """The caller: ``--as``, else ``DIASPORA_SDK_CLIENT_ID`` and ``_SECRET``, else whoever logged in.

    Raises:
        NotAuthenticatedError: nobody logged in.
    """
    from octopus.cli import globus_login  # late: not every command needs Globus

    settings = FabricSettings()
    header, subject = globus_login.authorization(settings, as_name)
    if header is None or subject is None:
        raise NotAuthenticatedError(
            "Nobody is logged in: run `octopus login`, or name an identity with --as."
        )
    return Session(subject=subject, authorization=header, url=settings.service_url)

"""The one scope of this service at Globus Auth."""

from __future__ import annotations


def action_all(service_client_id: str) -> str:
    """The scope that every call to the web service needs."""
    return f"https://auth.globus.org/scopes/{service_client_id}/action_all"

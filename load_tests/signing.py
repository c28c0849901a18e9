"""A key of the fabric, as clients sign with it."""

from __future__ import annotations

from collections.abc import Mapping

from botocore.credentials import Credentials

from octopus.kafka.client import client_settings


def credentials(key: Mapping[str, str]) -> Credentials:
    """The key in a reply of ``POST /api/v3/key``."""
    return Credentials(key["access_key"], key["secret_key"])


def sign(key: Mapping[str, str]) -> str:
    """A fresh token for Kafka."""
    settings = client_settings(bootstrap_servers="", credentials=credentials(key))
    token, _ = settings["oauth_cb"]("")
    return str(token)

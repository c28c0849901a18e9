"""What any machine does before it may write or read: log in, and get its key from the web service."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.credentials import Credentials
from globus_sdk import ConfidentialAppAuthClient

from octopus.cli.session import Session
from octopus.demo.errors import DemoError
from octopus.fabric.settings import PUBLISHED_CLIENT_ID
from octopus.identity.scopes import action_all
from octopus.kafka.client import client_settings

_NEEDED = (
    "DIASPORA_SDK_CLIENT_ID",
    "DIASPORA_SDK_CLIENT_SECRET",
    "GLOBUS_SDK_SERVICE_URL_AUTH",
    "SSL_CERT_FILE",
)


@dataclass(frozen=True, kw_only=True)
class Account:
    """An identity with its own namespace and key."""

    session: Session = field(repr=False)
    namespace: str
    bootstrap_servers: str
    ca_file: Path
    credentials: Credentials = field(repr=False)

    def kafka_settings(self) -> dict[str, Any]:
        """Settings of a Kafka client that signs with this account's key."""
        settings = client_settings(
            bootstrap_servers=self.bootstrap_servers, ca_file=self.ca_file, credentials=self.credentials
        )
        # Without it librdkafka writes what is merely worth knowing among the job's own lines.
        return {**settings, "logger": logging.getLogger("librdkafka")}


def open_account(*, service_url: str, environment: Mapping[str, str] = os.environ) -> Account:
    """Log in as the environment says, and get the namespace and the key; they are made on first use.

    Args:
        service_url: address of the web service.
        environment: the variables that ``octopus env`` prints.

    Raises:
        DemoError: a variable is missing.
        OctopusError: the service refused.
        globus_sdk.GlobusError: Globus Auth refused.
    """
    missing = [name for name in _NEEDED if name not in environment]
    if missing:
        raise DemoError(f'Not set: {", ".join(missing)}. Try: eval "$(octopus env --as NAME)"')
    subject = environment["DIASPORA_SDK_CLIENT_ID"]
    # globus-sdk takes the address of Auth from the process's own environment alone.
    os.environ["GLOBUS_SDK_SERVICE_URL_AUTH"] = environment["GLOBUS_SDK_SERVICE_URL_AUTH"]
    client = ConfidentialAppAuthClient(subject, environment["DIASPORA_SDK_CLIENT_SECRET"])
    tokens = client.oauth2_client_credentials_tokens(requested_scopes=action_all(PUBLISHED_CLIENT_ID))
    token = tokens.by_resource_server[PUBLISHED_CLIENT_ID]["access_token"]
    session = Session(subject=subject, authorization=f"Bearer {token}", url=service_url)
    namespace = session.call("POST", "user")["namespace"]
    key = session.call("POST", "key")
    return Account(
        session=session,
        namespace=namespace,
        bootstrap_servers=key["endpoint"],
        ca_file=Path(environment["SSL_CERT_FILE"]),
        credentials=Credentials(key["access_key"], key["secret_key"]),
    )

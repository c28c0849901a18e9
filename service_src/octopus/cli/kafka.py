"""The caller at Kafka: own key or a session, addresses, and who signs the brokers' certificates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from octopus.cli.session import Session, open_session
from octopus.fabric.settings import FabricSettings
from octopus.kafka.client import client_settings, region_to_sign_for
from octopus.topics.names import namespace_of

CaFileOption = Annotated[
    Path | None,
    typer.Option(
        "--ca-file",
        envvar="OCTOPUS_KAFKA_CA_FILE",
        exists=True,
        dir_okay=False,
        resolve_path=True,
        metavar="FILE",
        help="PEM of who signs the brokers' certificates; else this machine's fabric's, else the system's.",
    ),
]


@dataclass(frozen=True, kw_only=True)
class KafkaAccess:
    """What a client of Kafka needs to act as the caller."""

    namespace: str
    """The caller's own."""
    bootstrap_servers: str
    ca_file: Path | None
    """None: the system's roots."""
    access_key: str
    secret_key: str = field(repr=False)
    session_token: str | None = field(repr=False)
    """None where the key is one that lasts."""
    region: str
    """In whose scope tokens are signed."""
    session: Session = field(repr=False)

    def settings(self) -> dict[str, Any]:
        """Settings of a ``confluent_kafka`` client."""
        from botocore.credentials import Credentials

        return client_settings(
            bootstrap_servers=self.bootstrap_servers,
            ca_file=self.ca_file,
            credentials=Credentials(self.access_key, self.secret_key, self.session_token),
            region=self.region,
        )


def open_kafka(as_name: str | None, ca_file: Path | None, topics: Sequence[str] = ()) -> KafkaAccess:
    """The caller's key, issued when there is none, with everything that goes with it.

    A fabric that issues none opens a session, which lasts an hour at most.

    Args:
        as_name: identity of the stand-in to act as; None for whoever is logged in.
        ca_file: of who signs the brokers' certificates; None for this machine's fabric's, else the system's.
        topics: full names of those that are read and written; none for all of the caller's own namespace.

    Raises:
        NotAuthenticatedError: nobody is logged in.
        OctopusError: the service refused, with its own message.
        httpx.HTTPError: the service gave no usable answer.
    """
    session = open_session(as_name)
    namespace = namespace_of(session.subject)
    about = session.call("GET", "public/about")
    if about["credentials"] == "session":
        wanted = {"topics": list(topics) or [f"{namespace}.*"], "actions": ["read", "write"]}
        key = session.call("POST", "sessions", wanted)
    else:
        key = session.call("POST", "key")
    return KafkaAccess(
        namespace=namespace,
        bootstrap_servers=key["endpoint"],
        ca_file=ca_file or local_ca_file(),
        access_key=key["access_key"],
        secret_key=key["secret_key"],
        session_token=key.get("session_token"),
        region=region_to_sign_for(about["kafka_regions"]),
        session=session,
    )


def local_ca_file() -> Path | None:
    """The authority of this machine's fabric, if one was ever started here."""
    found = FabricSettings().home / "tls" / "ca.pem"
    return found if found.is_file() else None

"""What the platform's processes are told, and the only place where the names are written.

Each field is read from the environment variable ``OCTOPUS_<FIELD>``. Those under *Deployed* are also
the last segment of an SSM parameter, ``/octopus/<institution>/<field>``, which the stacks write: whoever
starts a process off AWS (``octopus up``, an institution's own supervisor) copies them over.
AWS itself is found by boto3's own variables (``AWS_ENDPOINT_URL``, ``AWS_REGION``, ``AWS_PROFILE``, ...).
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class _Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="OCTOPUS_", frozen=True, extra="ignore")


class DeployedSettings(_Settings):
    """What the stacks decide, as the SSM parameters of one institution hold it."""

    institution: str
    registry_table: str
    credentials_table: str
    credentials_key_arn: str
    """The KMS key that encrypts every stored secret, with its encryption context."""
    archive_bucket: str
    principal_boundary_arn: str
    """Permissions boundary of every principal that the service makes."""
    client_role_arn: str
    """The role that sessions of users are made of; the service alone may assume it."""
    cluster_arn: str
    """``arn:<partition>:kafka:<region>:<account>:cluster/<name>/<uuid>``; the base of every policy."""
    bootstrap_servers: str
    """Comma-separated ``host:port``: what clients are told."""
    public_url: str
    """Where clients reach the fabric: the base of every address in a reply."""
    globus_client_id: str
    """Globus Auth client of the service: audience of the tokens it takes, and base of their scope."""
    globus_secret_name: str
    """Secrets Manager name of that client's secret."""
    globus_auth_url: str = "https://auth.globus.org/"
    key_unused_days: int = 90
    """Days after which a user's key that nobody used is deleted; 0 for never."""


class KafkaSettings(_Settings):
    """How this process reaches the brokers."""

    kafka_ca_file: Path | None = None
    """PEM bundle that signs the brokers' certificates; the system's roots when unset."""
    replication_factor: int = 1
    """Of a topic that a user makes."""


class ServiceSettings(DeployedSettings, KafkaSettings):
    """The web service."""

    listen_host: str = "localhost"
    """A name listens on each of its addresses: the published SDK wants ``localhost``, IPv4 or IPv6."""
    listen_port: int = 8000
    last_requests_s: float = 60.0
    """How long a deleted account's topics wait: in that time the last request of its keys is over."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"


class JudgeSettings(_Settings):
    """The judge; it is told nothing that it has no use for."""

    institution: str
    credentials_table: str
    credentials_key_arn: str
    cluster_arn: str
    judge_host: str = "127.0.0.1"
    judge_port: int = 8201
    judge_secret: SecretStr
    """Shared with the broker plugin alone."""
    judge_tls_certificate: Path | None = None
    """PEM, the chain too. With it and its key the judge speaks TLS, and may listen off loopback."""
    judge_tls_key: Path | None = None
    """PEM, not encrypted."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"

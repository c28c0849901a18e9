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

GLOBUS_AUTH_URL = "https://auth.globus.org/"
"""The one Globus Auth that every institution shares."""


class _Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="OCTOPUS_", frozen=True, extra="ignore")


class DeployedSettings(_Settings):
    """What the stacks decide, as the SSM parameters of one institution hold it."""

    institution: str
    kafka: Literal["external", "msk-standard", "msk-express", "msk-serverless"] = "external"
    """Who runs the brokers: Amazon MSK, of one of its kinds, or somebody else."""
    credentials: Literal["iam-user", "session"] = "iam-user"
    """What users sign with. With ``session`` they get sessions only, and the service makes nobody in IAM."""
    registry_table: str
    credentials_table: str
    credentials_key_arn: str
    """The KMS key that encrypts every stored secret, with its encryption context."""
    archive_bucket: str
    principal_boundary_arn: str = ""
    """Permissions boundary of every principal that the service makes; empty when it makes none."""
    client_role_arn: str
    """The role that sessions of users are made of; the service alone may assume it."""
    cluster_arn: str
    """``arn:<partition>:kafka:<region>:<account>:cluster/<name>/<uuid>``; the base of every policy."""
    bootstrap_servers: str = ""
    """Comma-separated ``host:port``: what clients are told. Empty: MSK is asked (`octopus.addresses`)."""
    public_url: str = ""
    """Where clients reach the fabric: the base of every address in a reply. Empty: the gateway's address."""
    replication_factor: int = 3
    """Of a topic that a user makes, and of the platform's own."""
    globus_client_id: str = ""
    """Globus Auth client of the service: audience of the tokens it takes, and base of their scope. Empty:
    nobody is let in."""
    globus_secret_name: str
    """Secrets Manager name of that client's secret."""
    cli_client_id: str = ""
    """Native Globus Auth client that people at a terminal log in with; empty: each names one himself."""
    globus_auth_url: str = GLOBUS_AUTH_URL
    key_unused_days: int = 90
    """Days after which a user's key that nobody used is deleted; 0 for never."""
    key_days_most: int = 0
    """Days after which a user's key ends, from when it is first seen for one made before; 0 for never."""
    session_minutes_most: int = 60
    """Of one session; AWS lets a role that was assumed by a role live no longer."""
    globus_groups_url: str = "https://groups.api.globus.org/"
    """Globus Groups, or its stand-in."""
    groups_poll_seconds: int = 300
    """How often the members of groups that hold grants are asked for."""
    groups_held_seconds: int = 3600
    """How long the last list of members counts while Globus Groups gives no answer."""
    topic_partitions_most: int = 128
    """Of one topic."""
    topic_retention_hours_most: int = 8760
    topic_retention_bytes_most: int = 1 << 40
    """Of one partition."""
    topic_message_bytes_most: int = 8 << 20
    """Of one record batch."""
    quota_projects: int = 20
    """Of which one person is an owner, by a grant to him: each has quotas of its own."""
    quota_topics: int = 200
    """Per person, and per project; so the four below."""
    quota_partitions: int = 1000
    quota_retention_bytes: int = 1 << 42
    """Sum over partitions of what each may keep."""
    quota_unbounded_partition_bytes: int = 1 << 30
    """What a partition without a bound by size counts in that sum."""
    quota_groups: int = 200
    quota_transactional_ids: int = 200
    quota_produce_bytes: int = 64 << 20
    """Bytes a second of one subject, over all brokers; 0 for no limit. So the two below."""
    quota_consume_bytes: int = 128 << 20
    quota_request_percent: int = 200
    """Percent of one broker's request-handler time (Kafka's ``request_percentage``), over all brokers."""
    quota_requests: int = 50
    """HTTPS requests a second of one subject, over all replicas; 0 for no limit."""
    public_requests: int = 10
    """HTTPS requests a second for public records, of all callers together; 0 for no public reading."""
    service_replicas: int = 1
    """Of the web service: rates over all of them are divided by it."""
    warning_days: int = 14
    """Days before the end of a key, a grant or a project at which its holder is told."""
    project_grace_days: int = 30
    """Days after a project's end from which export and deletion are offered."""
    audit_days: int = 400
    """Days for which the registry keeps the audit."""
    heartbeat: Literal["process", "service"] = "process"
    """Who sends the heartbeat through Kafka: a process of its own, or the web service among its tasks."""
    heartbeat_over_https: bool = True
    """Whether anybody reads it at the public address, so that the status tells how that stands."""
    alarm_ceiling_percent: int = 80
    """Percent of what the AWS account may hold of IAM users and policies at which the log warns."""
    browser_origins: str = ""
    """Comma-separated origins whose pages may call the service with a token of their own; ``*`` for any."""
    mail_from: str = ""
    """Verified sender of mail through SES; empty for no mail."""


class KafkaSettings(_Settings):
    """How this process reaches the brokers."""

    kafka_ca_file: Path | None = None
    """PEM bundle that signs the brokers' certificates; the system's roots when unset."""


class ServiceSettings(DeployedSettings, KafkaSettings):
    """The web service."""

    listen_host: str = "localhost"
    """A name listens on each of its addresses: the published SDK wants ``localhost``, IPv4 or IPv6."""
    listen_port: int = 8000
    broker_audit_logs: str = ""
    """Comma-separated audit logs of brokers on the service's own host; empty when there are none."""
    metrics_port: int = 0
    """Loopback port of the metrics as Prometheus text; 0 for none. So that of the judge."""
    metrics_log: bool = False
    """Whether metrics go into the log each minute, in CloudWatch's embedded metric format."""
    last_requests_s: float = 60.0
    """How long a deleted account's topics wait: in that time the last request of its keys is over."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"


class HeartbeatSettings(DeployedSettings, KafkaSettings):
    """The heartbeat's process."""

    metrics_port: int = 0
    heartbeat_file: Path | None = None
    """Where it writes down what it found, for whoever cannot ask the service; nowhere when unset."""
    judge_url: str = ""
    """Of a judge on the same machine, whose answer tells it from the brokers when nobody gets in."""
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
    metrics_port: int = 0
    metrics_log: bool = False
    log_level: Literal["debug", "info", "warning", "error"] = "info"

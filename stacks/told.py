"""What the platform's processes are told of the settings, as ``/octopus/<institution>/<name>`` in SSM."""

from __future__ import annotations

from stacks.settings import Settings

_AS_GIVEN = (
    "alarm_ceiling_percent",
    "audit_days",
    "credentials",
    "groups_held_seconds",
    "groups_poll_seconds",
    "heartbeat_over_https",
    "kafka",
    "key_days_most",
    "key_unused_days",
    "project_grace_days",
    "public_requests",
    "quota_consume_bytes",
    "quota_groups",
    "quota_partitions",
    "quota_produce_bytes",
    "quota_projects",
    "quota_request_percent",
    "quota_requests",
    "quota_retention_bytes",
    "quota_topics",
    "quota_transactional_ids",
    "quota_unbounded_partition_bytes",
    "replication_factor",
    "session_minutes_most",
    "topic_message_bytes_most",
    "topic_partitions_most",
    "topic_retention_bytes_most",
    "topic_retention_hours_most",
    "warning_days",
)
_IF_GIVEN = ("bootstrap_servers", "cli_client_id", "globus_client_id", "mail_from", "public_url")


def of_settings(settings: Settings) -> dict[str, str]:
    """Return every value that processes read as the operator gave it, by its name."""
    return {
        "institution": settings.institution,
        "globus_secret_name": settings.globus_secret_name,
        "globus_auth_url": f"{settings.globus_auth_url}/",
        "globus_groups_url": f"{settings.globus_groups_url}/",
        # How many tasks there are is autoscaling's to say: as many as there may be keep the limits together.
        "service_replicas": str(
            settings.service_replicas_most if settings.in_fargate else settings.service_replicas
        ),
        # Tasks are among the brokers; a process off AWS runs beside whatever may stop, the service too.
        "heartbeat": "service" if settings.in_fargate else "process",
        **{name: str(getattr(settings, name)) for name in _AS_GIVEN},
        # SSM takes no empty value.
        **{name: value for name in _IF_GIVEN if (value := getattr(settings, name))},
        **({"browser_origins": ",".join(settings.browser_origins)} if settings.browser_origins else {}),
    }

"""Values that go together."""

from __future__ import annotations

from collections.abc import Mapping

PRESETS: Mapping[str, Mapping[str, object]] = {
    "local": {
        "institution": "local",
        "kafka": "external",
        "hosting": "external",
        "triggers": "runner",
        "service_url": "http://127.0.0.1:8000",
        "bootstrap_servers": "127.0.0.1:9098",
        "public_url": "http://localhost:8000",
        "globus_auth_url": "http://127.0.0.1:8100/",
        "globus_groups_url": "http://127.0.0.1:8100/",
        "globus_client_id": "2b9d2f5c-fa32-45b5-875b-b24cd343b917",
        "replication_factor": 1,
        "quota_produce_bytes": 0,
        "quota_consume_bytes": 0,
        "quota_request_percent": 0,
        "quota_requests": 0,
        "allow_data_loss": True,
    },
    "trial": {
        "kafka": "msk-standard",
        "kafka_version": "3.9.x",
        "broker_type": "kafka.t3.small",
        "broker_count": 3,
        "broker_storage_gib": 10,
        "hosting": "fargate",
        "egress": "public-address",
        "service_spot": True,
        "service_replicas_most": 2,
        "credentials": "iam-user",
        "key_days_most": 90,
        "topic_partitions_most": 32,
        "quota_topics": 50,
        "quota_partitions": 100,
        "alarms": "essential",
    },
    "lab": {
        "kafka": "msk-standard",
        "kafka_version": "3.9.x.kraft",
        "broker_type": "kafka.m7g.large",
        "broker_count": 3,
        "broker_storage_gib": 100,
        "broker_storage_most_gib": 1000,
        "kafka_monitoring": "per-broker",
        "hosting": "fargate",
        "egress": "nat",
        "nat_gateways": 1,
        "service_cpu": 1024,
        "service_memory_mib": 2048,
        "service_replicas": 2,
        "service_replicas_most": 6,
        "credentials": "session",
        "key_days_most": 90,
        "quota_topics": 200,
        "quota_partitions": 500,
    },
    "facility": {
        "kafka": "msk-express",
        "kafka_version": "3.9.x.kraft",
        "broker_type": "express.m7g.large",
        "broker_count": 3,
        "kafka_monitoring": "per-broker",
        "hosting": "fargate",
        "egress": "nat",
        "nat_gateways": 3,
        "service_cpu": 2048,
        "service_memory_mib": 4096,
        "service_replicas": 3,
        "service_replicas_most": 12,
        "credentials": "session",
        "key_days_most": 90,
        "waf": True,
        "log_retention_days": 90,
        "quota_topics": 200,
        "quota_partitions": 500,
    },
}
"""By name; each value as TOML would give it.

``local`` is one machine: emulator, broker and the stand-in of Globus Auth. ``trial`` costs least, ``lab``
serves a group, ``facility`` many of them.
"""

OF_THE_BROKERS = ("kafka_version", "broker_type", "broker_storage_gib", "broker_storage_most_gib")
"""What a preset says of its own kind of brokers: passed over when another ``kafka`` is given beside it."""

USUAL = "trial"
"""What is installed when no preset is named."""

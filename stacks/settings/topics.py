"""What people may make and use."""

from __future__ import annotations

from dataclasses import dataclass

from stacks.settings import values as read
from stacks.settings.variable import variable


@dataclass(frozen=True, kw_only=True)
class Topics:
    """Bounds of topics, and quotas."""

    topic_partitions_most: int = variable(
        read.whole_number(1, 10_000), "Most partitions of a topic", default=128
    )
    topic_retention_hours_most: int = variable(
        read.whole_number(1, 876_000), "Longest time that a topic may keep records", default=8760
    )
    topic_retention_bytes_most: int = variable(
        read.whole_number(1 << 20, 1 << 50),
        "Most bytes that a partition may be told to keep",
        default=1 << 40,
    )
    topic_message_bytes_most: int = variable(
        read.whole_number(1024, 64 << 20), "Largest record batch of a topic, in bytes", default=8 << 20
    )
    quota_projects: int = variable(
        read.whole_number(1, 10_000),
        "Projects made by one person that there may be at once, whoever owns them; each has its own quotas",
        default=20,
    )
    quota_topics: int = variable(
        read.whole_number(1, 100_000), "Topics of a person, and of a project", default=200
    )
    quota_partitions: int = variable(
        read.whole_number(1, 1_000_000),
        "Partitions of all topics of a person, and of a project",
        default=1000,
    )
    quota_retention_bytes: int = variable(
        read.whole_number(1 << 20, 1 << 60),
        "Bytes that all partitions of a person, and of a project, may be told to keep",
        default=1 << 42,
    )
    quota_unbounded_partition_bytes: int = variable(
        read.whole_number(0, 1 << 50),
        "What a partition that no size bounds counts in that sum",
        default=1 << 30,
    )
    quota_groups: int = variable(
        read.whole_number(1, 100_000), "Consumer groups of a person, and of a project", default=200
    )
    quota_transactional_ids: int = variable(
        read.whole_number(1, 100_000), "Transactional ids of a person, and of a project", default=200
    )
    quota_produce_bytes: int = variable(
        read.whole_number(0, 1 << 40),
        "Bytes a second that one subject may produce, over all brokers; `0`: no limit",
        default=64 << 20,
    )
    quota_consume_bytes: int = variable(
        read.whole_number(0, 1 << 40),
        "Bytes a second that one subject may consume, over all brokers; `0`: no limit",
        default=128 << 20,
    )
    quota_request_percent: int = variable(
        read.whole_number(0, 100_000),
        "Percent of one broker's request-handler time for one subject, over all brokers; `0`: no limit",
        default=200,
    )
    quota_requests: int = variable(
        read.whole_number(0, 10_000), "HTTPS requests a second of one subject; `0`: no limit", default=50
    )

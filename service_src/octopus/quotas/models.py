"""What is limited, how far, and who said so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

from octopus.settings import DeployedSettings
from octopus.topics.models import PROJECT_OWNER


class Limit(StrEnum):
    """What is limited. Each is also the setting ``quota_<name>``, which says how far."""

    PROJECTS = "projects"
    """Projects that a person made and that have not ended, whoever owns them."""
    TOPICS = "topics"
    PARTITIONS = "partitions"
    RETENTION_BYTES = "retention_bytes"
    """Sum over partitions of what each may keep."""
    GROUPS = "groups"
    TRANSACTIONAL_IDS = "transactional_ids"
    PRODUCE_BYTES = "produce_bytes"
    """Bytes a second to Kafka, over all brokers."""
    CONSUME_BYTES = "consume_bytes"
    """Bytes a second from Kafka, over all brokers."""
    REQUEST_PERCENT = "request_percent"
    """Percent of one broker's request-handler time, over all brokers."""
    REQUESTS = "requests"
    """HTTPS requests a second, over all replicas of the service."""


COUNTED = (Limit.TOPICS, Limit.PARTITIONS, Limit.RETENTION_BYTES, Limit.GROUPS, Limit.TRANSACTIONAL_IDS)
"""What a project has limits of, too: it is counted in namespaces."""
KAFKA_RATES = (Limit.PRODUCE_BYTES, Limit.CONSUME_BYTES, Limit.REQUEST_PERCENT)
"""What the brokers hold a person to."""
RATES = (*KAFKA_RATES, Limit.REQUESTS)
"""Of which 0 is no limit."""

Limits = Mapping[Limit, int]
"""How far: whole numbers from 0 on."""

LARGEST = 1 << 60
"""Of any limit that is set for somebody."""


@dataclass(frozen=True)
class Holder:
    """Whom limits are for: a person with all namespaces that are his, or a project."""

    name: str
    """Subject (UUID), or the project's namespace."""
    is_project: bool

    @classmethod
    def of(cls, namespace: str, owner: str) -> Holder:
        """Against whose limits a namespace counts.

        Args:
            owner: subject, or `PROJECT_OWNER`.
        """
        return cls(namespace, True) if owner == PROJECT_OWNER else cls(owner, False)

    @property
    def limited(self) -> tuple[Limit, ...]:
        """What is limited for such a holder."""
        return COUNTED if self.is_project else tuple(Limit)


@dataclass(frozen=True, kw_only=True)
class Use:
    """What there is, or is to be added."""

    topics: int = 0
    partitions: int = 0
    retention_bytes: int = 0

    def __add__(self, other: Use) -> Use:
        return Use(
            topics=self.topics + other.topics,
            partitions=self.partitions + other.partitions,
            retention_bytes=self.retention_bytes + other.retention_bytes,
        )

    def of(self, limit: Limit) -> int:
        """The use that counts against one of the three limits."""
        return {
            Limit.TOPICS: self.topics,
            Limit.PARTITIONS: self.partitions,
            Limit.RETENTION_BYTES: self.retention_bytes,
        }[limit]


@dataclass(frozen=True, kw_only=True)
class OfKafka:
    """What only the brokers know of a namespace."""

    groups: int
    transactional_ids: int

    def of(self, limit: Limit) -> int:
        """The use that counts against one of the two limits."""
        return {Limit.GROUPS: self.groups, Limit.TRANSACTIONAL_IDS: self.transactional_ids}[limit]


def limits_of(settings: DeployedSettings) -> Limits:
    """What holds for whoever nothing else was set for."""
    return {limit: getattr(settings, f"quota_{limit}") for limit in Limit}


def lower(limit: Limit, one: int, other: int) -> int:
    """The stricter of two values of a limit: of rates, 0 is none."""
    if limit in RATES:
        return min(one or other, other or one)
    return min(one, other)


class Quota(BaseModel):
    """One limit."""

    limit: int
    """For rates, 0 is no limit."""
    in_use: int | None
    """None for a rate; for groups and transactional ids also while Kafka does not answer, and for projects
    where nobody says whose linked identities count."""
    source: Literal["fabric", "operator"]
    """``fabric``: what holds for everybody. ``operator``: set for this holder."""


class QuotaReply(BaseModel):
    """The limits of a person or a project, by name."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "note": None,
                "status": "success",
                "message": "Quotas of 7d8d8c1e-0d5c-4b0e-9f57-3f2a5c1b9e44",
                "quotas": {
                    "topics": {"limit": 200, "in_use": 12, "source": "fabric"},
                    "produce_bytes": {"limit": 134217728, "in_use": None, "source": "operator"},
                },
            }
        }
    )

    status: Literal["success"] = "success"
    message: str
    quotas: dict[Limit, Quota]
    note: str | None = None
    """Which of these limits nobody is held to, and why; null when all are in force."""

"""A whole service without HTTP: its features on an emulator, and a clock to set."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from octopus import aws
from octopus.addresses import open_addresses
from octopus.errors import UnavailableError
from octopus.heartbeat.names import FULL_NAME as HEARTBEAT
from octopus.settings import ServiceSettings
from octopus.web.assembly import Features, wire
from tests.integration.service.deployment import Deployment
from tests.memory_kafka import MemoryKafka, MemoryQuotas, MemoryTopic, WatchedGroups, WatchedKafka


class Clock:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Fabric:
    """One institution with a subject: what is stored, and features to change it with."""

    deployment: Deployment
    kafka: WatchedKafka
    groups: WatchedGroups
    clock: Clock
    features: Features
    subject: str = field(default_factory=lambda: str(uuid.uuid4()))
    friend: str = field(default_factory=lambda: str(uuid.uuid4()))
    """Another subject, who has nothing yet either."""

    @property
    def namespace(self) -> str:
        """The subject's own."""
        return f"ns-{self.subject[-12:]}"

    @property
    def topic(self) -> str:
        """Full name of the subject's topic ``events``."""
        return f"{self.namespace}.events"

    @property
    def settings(self) -> ServiceSettings:
        """What the features were told."""
        return _settings(self.deployment)

    def replica(self) -> Fabric:
        """Another process on the same stores."""
        return replace(self, features=_wire(self.deployment, self.kafka, self.groups, self.clock))

    def of_friend(self) -> Fabric:
        """The same fabric, as the other subject's."""
        return replace(self, subject=self.friend, friend=self.subject)

    def run_jobs(self) -> None:
        """What the web service does in the background, once; what it needs may be away."""
        for job in self.features.jobs:
            with suppress(UnavailableError):
                job.run()

    def wait(self, seconds: float) -> None:
        """Let time pass, and the background do what falls due meanwhile."""
        self.clock.now += seconds
        self.run_jobs()

    def users(self) -> list[str]:
        """IAM users of this fabric's accounts."""
        pages = self.deployment.client("iam").get_paginator("list_users").paginate(PathPrefix="/msk-users/")
        names = (user["UserName"] for page in pages for user in page["Users"])
        return [name for name in names if name == self.subject]

    def registry(self) -> list[tuple[str, str]]:
        """Keys of every row of the registry, in order, but of the audit, and of how far a job has come."""
        rows = self._rows(self.deployment.settings.registry_table)
        return [row for row in rows if not row[0].startswith(("AUDIT#", "OUTBOX#")) and row[0] != "ENDS"]

    def credentials(self) -> list[tuple[str, str]]:
        """Keys of every row of the credentials table but the log of changes, in order."""
        rows = self._rows(self.deployment.settings.credentials_table)
        return [row for row in rows if not row[0].startswith("CHANGES#")]

    def clear(self) -> None:
        """Empty both tables."""
        database = self.deployment.client("dynamodb")
        for table in (self.settings.registry_table, self.settings.credentials_table):
            keys = [{"pk": item["pk"], "sk": item["sk"]} for item in self.deployment.items(table)]
            for start in range(0, len(keys), 25):
                deletions = [{"DeleteRequest": {"Key": key}} for key in keys[start : start + 25]]
                database.batch_write_item(RequestItems={table: deletions})

    def _rows(self, table: str) -> list[tuple[str, str]]:
        return sorted((item["pk"]["S"], item["sk"]["S"]) for item in self.deployment.items(table))


def topics_of_people(kafka: MemoryKafka) -> list[str]:
    """All that Kafka holds but the topic that the service keeps for everybody."""
    return [name for name in kafka.held if name != HEARTBEAT]


@contextmanager
def shared_clients() -> Iterator[list[Any]]:
    """One AWS client of each kind: it takes a tenth of a second to make, and every replica wants some."""
    kinds = ("cloudwatch", "dynamodb", "iam", "kms", "ssm", "sts")
    with pytest.MonkeyPatch.context() as patch:
        for name in kinds:
            patch.setattr(aws, name, functools.cache(getattr(aws, name)))
        patch.setattr(Deployment, "client", functools.cache(Deployment.client))
        yield [getattr(aws, name)() for name in kinds]


def new_fabric(deployment: Deployment, kafka: WatchedKafka, groups: WatchedGroups) -> Fabric:
    """A fabric with a subject who has nothing yet."""
    clock = Clock()
    return Fabric(deployment, kafka, groups, clock, _wire(deployment, kafka, groups, clock))


def _wire(deployment: Deployment, kafka: WatchedKafka, groups: WatchedGroups, clock: Clock) -> Features:
    settings = _settings(deployment)
    return wire(
        settings,
        addresses=open_addresses(settings),
        kafka=kafka,
        groups=groups,
        quotas_of_kafka=MemoryQuotas(),
        events=MemoryTopic(),
        clock=clock,
    )


def _settings(deployment: Deployment) -> ServiceSettings:
    return ServiceSettings(**deployment.settings.model_dump())

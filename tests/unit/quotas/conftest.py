"""A registry with people, projects and topics, on top of brokers in memory."""

from __future__ import annotations

import json
from typing import Any

import pytest

from octopus.audit.trail import Trail
from octopus.quotas.census import Census
from octopus.quotas.models import Limit
from octopus.quotas.service import Quotas
from octopus.quotas.store import QuotaStore
from octopus.registry.leases import Leases
from octopus.topics.models import PROJECT_OWNER
from tests.memory_kafka import MemoryGroups, MemoryKafka, MemoryQuotas

SUBJECT = "7d8d8c1e-0d5c-4b0e-9f57-3f2a5c1b9e44"
UNBOUNDED = 1000
DEFAULTS = {
    Limit.PROJECTS: 2,
    Limit.TOPICS: 3,
    Limit.PARTITIONS: 10,
    Limit.RETENTION_BYTES: 20_000,
    Limit.GROUPS: 2,
    Limit.TRANSACTIONAL_IDS: 2,
    Limit.PRODUCE_BYTES: 1000,
    Limit.CONSUME_BYTES: 0,
    Limit.REQUEST_PERCENT: 50,
    Limit.REQUESTS: 5,
}


class World:
    """What the registry and Kafka hold."""

    def __init__(self, database: Any, table: str) -> None:
        self.database = database
        self.table = table
        self.kafka = MemoryKafka()
        self.groups = MemoryGroups(self.kafka)
        self.client_quotas = MemoryQuotas()
        trail = Trail(database, table, kept_days=1)
        self.store = QuotaStore(database, table, unbounded_partition_bytes=UNBOUNDED)
        self.leases = Leases(database, table)
        self.quotas = Quotas(
            store=self.store,
            leases=self.leases,
            trail=trail,
            defaults=DEFAULTS,
            groups=self.groups,
            kafka=self.client_quotas,
        )
        self.census = Census(
            store=self.store,
            trail=trail,
            counts=self.quotas.counts,
            defaults=DEFAULTS,
        )

    def put(self, pk: str, sk: str, **attributes: dict[str, Any]) -> None:
        self.database.put_item(TableName=self.table, Item={"pk": {"S": pk}, "sk": {"S": sk}, **attributes})

    def person(self, subject: str, *namespaces: str) -> None:
        self.put(f"SUBJECT#{subject}", "ACCOUNT", namespaces={"SS": list(namespaces)})
        for namespace in namespaces:
            self.put(f"NAMESPACE#{namespace}", "NAMESPACE", owner={"S": subject})

    def project(self, name: str) -> None:
        self.put(f"NAMESPACE#{name}", "NAMESPACE", owner={"S": PROJECT_OWNER})

    def topic(self, namespace: str, name: str, **settings: int | str | None) -> None:
        self.put(f"NAMESPACE#{namespace}", f"TOPIC#{name}", settings={"S": json.dumps(settings)})

    def groups_of(self, namespace: str, count: int) -> None:
        self.kafka.groups = {f"{namespace}.g{number}": False for number in range(count)}

    def events(self) -> list[dict[str, Any]]:
        rows = self.database.query(
            TableName=self.table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": "OUTBOX#audit"}},
        )["Items"]
        return [json.loads(row["event"]["S"]) for row in rows]


@pytest.fixture
def world(database: Any, table: str) -> World:
    return World(database, table)

"""Topics of a person and of a project, on a simulated AWS and brokers in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from octopus.access.models import EVERY_TOPIC, Grant, Right, user
from octopus.access.refresh import Refreshes
from octopus.access.service import Access
from octopus.accounts.models import State as AccountState
from octopus.accounts.store import AccountStore
from octopus.audit.trail import Trail
from octopus.kafka.quotas import QuotaAdmin
from octopus.quotas.models import Limit
from octopus.quotas.service import Quotas
from octopus.quotas.store import QuotaStore
from octopus.registry.leases import Leases
from octopus.topics.bounds import Bounds
from octopus.topics.healing import Healing
from octopus.topics.models import PROJECT_OWNER
from octopus.topics.names import namespace_of
from octopus.topics.service import Topics
from octopus.topics.store import TopicStore
from octopus.topics.turns import Turns
from tests.memory_kafka import MemoryGroups, MemoryKafka

SUBJECT = "7d8d8c1e-0d5c-4b0e-9f57-3f2a5c1b9e44"
NAMESPACE = namespace_of(SUBJECT)
LIMITS = dict.fromkeys(Limit, 0) | {
    Limit.TOPICS: 5,
    Limit.PARTITIONS: 9,
    Limit.RETENTION_BYTES: 100 << 30,
    Limit.GROUPS: 5,
    Limit.TRANSACTIONAL_IDS: 5,
}
BOUNDS = Bounds(
    most={
        "partitions": 10,
        "retention_ms": 48 * 3_600_000,
        "retention_bytes": 50 << 30,
        "max_message_bytes": 8 << 20,
    },
    public=True,
)


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


def shared(namespace: str, topic: str, subject: str, right: Right) -> Grant:
    """A right that somebody is to be given, for ever."""
    return Grant(
        namespace=namespace,
        topic=topic,
        grantee=user(subject),
        right=right,
        until=None,
        by=SUBJECT,
        created=now(),
    )


@pytest.fixture
def kafka() -> MemoryKafka:
    """The brokers."""
    return MemoryKafka()


@pytest.fixture
def trail(database: Any, table: str) -> Trail:
    """The audit."""
    return Trail(database, table, kept_days=1)


@pytest.fixture
def access(database: Any, table: str, trail: Trail) -> Access:
    """Who may do what; nobody has a policy that would have to follow."""
    refreshes = Refreshes(database, table, refresh=lambda _subject: None)
    return Access(database, table, trail=trail, refreshes=refreshes)


@pytest.fixture
def open_account(database: Any, table: str) -> Callable[[str], str]:
    """Gives a subject an account; returns its namespace."""

    def opened(subject: str) -> str:
        accounts = AccountStore(database, table)
        namespace = namespace_of(subject)
        with Leases(database, table).hold("account") as lease:
            accounts.advance(accounts.claim(subject, namespace, lease), AccountState.ACTIVE, lease, [])
        return namespace

    return opened


@pytest.fixture
def open_project(database: Any, table: str, access: Access) -> Callable[..., None]:
    """Makes a project, with rights on it by subject, and what else its row is to hold."""

    def opened(name: str, roles: Mapping[str, Right], **row: str) -> None:
        told = {"owner": PROJECT_OWNER, "state": "active", "created": now().isoformat(), **row}
        key = {"pk": {"S": f"NAMESPACE#{name}"}, "sk": {"S": "NAMESPACE"}}
        item = {**key, **{field: {"S": text} for field, text in told.items()}}
        database.put_item(TableName=table, Item=item)
        for subject, right in roles.items():
            access.give(shared(name, EVERY_TOPIC, subject, right))

    return opened


@pytest.fixture
def store(database: Any, table: str, open_account: Callable[[str], str]) -> TopicStore:
    """Topics in the registry; `SUBJECT` has an account."""
    open_account(SUBJECT)
    return TopicStore(database, table)


@pytest.fixture
def turns(
    store: TopicStore, access: Access, trail: Trail, kafka: MemoryKafka, database: Any, table: str
) -> Turns:
    """Turns to change topics."""
    leases = Leases(database, table)
    quotas = Quotas(
        store=QuotaStore(database, table, unbounded_partition_bytes=1 << 30),
        leases=leases,
        trail=trail,
        defaults=LIMITS,
        groups=MemoryGroups(kafka),
        kafka=QuotaAdmin(lambda: pytest.fail("brokers have no part in this")),
    )
    return Turns(store=store, leases=leases, access=access, quotas=quotas, trail=trail)


@pytest.fixture
def topics(turns: Turns, kafka: MemoryKafka) -> Topics:
    """The topics."""
    return Topics(turns=turns, kafka=kafka, bounds=BOUNDS)


@pytest.fixture
def healing(turns: Turns, kafka: MemoryKafka) -> Healing:
    """What the background does for them."""
    return Healing(turns=turns, kafka=kafka)

"""What questions about 2,000 topics, 500 users and 5,000 grants cost.

Run it with ``python -m load_tests.registry_scale``.

An emulator runs by itself and holds the registry. Each question is asked in turn with its control, one
consistent GetItem of the same registry, and every call to DynamoDB is counted by its name.
"""

from __future__ import annotations

import argparse
import datetime
import itertools
import os
import random
import statistics
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from rich.console import Console

from load_tests.comparison import percentile
from octopus import log
from octopus.access.models import EVERY_TOPIC, Grant, Right, group, user
from octopus.access.refresh import Refreshes
from octopus.access.service import Access
from octopus.accounts.models import State as AccountState
from octopus.accounts.store import AccountStore, lease_name
from octopus.audit.trail import Trail
from octopus.catalogue.index import Index
from octopus.catalogue.service import Catalogue
from octopus.fabric.settings import project_root
from octopus.identity.models import Caller
from octopus.registry.leases import Leases
from octopus.topics.about import About
from octopus.topics.models import State, TopicRecord
from octopus.topics.names import namespace_of
from octopus.topics.store import TopicStore
from tests.emulator import running_emulator

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

USERS, TOPICS, GRANTS, GROUPS = 500, 2_000, 5_000, 20
GROUP_MEMBERS = 40
ASKED = 300
"""Times that each question is asked."""
SEED = 5
_WORDS = [
    "beam",
    "detector",
    "neutron",
    "seismic",
    "telescope",
    "sensor",
    "climate",
    "genome",
    "proton",
    "turbulence",
    "plasma",
    "ocean",
    "soil",
    "calibrated",
    "raw",
    "hourly",
    "monthly",
    "spectra",
    "images",
    "alarms",
    "status",
    "temperature",
    "pressure",
]
_RESULT = Path(__file__).parent / "results" / "registry-scale.md"
_TABLE = """\
# Questions to a large registry, {date}

{users:,} users, {topics:,} topics, {grants:,} grants ({groups} groups of {members} members), all in one
registry table of the emulator; {asked:,} askings of each question, each followed by its control, one
consistent GetItem. {cores} cores, load average {load}. The calls are those of DynamoDB that one asking
makes, at the median and at most; no question made a Scan.

| question | p50 ms | p99 ms | p99 over the control's | calls: median, most | which |
|---|---:|---:|---:|---:|---|
{rows}
"""


@dataclass
class Registry:
    """A full registry, and what asks it."""

    database: DynamoDBClient
    table: str
    calls: Counter[str]
    """Calls to DynamoDB so far, by operation."""
    access: Access
    topics: TopicStore
    catalogue: Catalogue
    leases: Leases
    subjects: list[str] = field(default_factory=list)
    names: list[tuple[str, str]] = field(default_factory=list)
    """Of topics: namespace and name."""


@dataclass(frozen=True)
class Asked:
    """What one question took."""

    question: str
    taken_ms: list[float]
    control_ms: list[float]
    calls: list[int]
    kinds: frozenset[str]

    def row(self) -> str:
        """As a line of the table."""
        p99, control = percentile(self.taken_ms, 99), percentile(self.control_ms, 99)
        return (
            f"| {self.question} | {statistics.median(self.taken_ms):.1f} | {p99:.1f} | {p99 / control:.1f}"
            f" | {statistics.median(self.calls):.0f}, {max(self.calls)} | {', '.join(sorted(self.kinds))} |"
        )


def main() -> int:
    """Fill, ask, print the table and write it; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m load_tests.registry_scale", description=__doc__)
    parser.add_argument("--asked", type=int, default=ASKED, help="times that each question is asked")
    asked = parser.parse_args().asked
    progress = Console(stderr=True, highlight=False)
    log.configure(process="registry-scale", level="warning", stream=sys.stderr)
    with _registry() as registry:
        progress.print("Filling the registry")
        _fill(registry)
        results = []
        for name, question in _questions(registry).items():
            progress.print(f"Asking: {name}")
            results.append(_ask(registry, name, question, asked))
    table = _TABLE.format(
        date=f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}",
        users=USERS,
        topics=TOPICS,
        grants=GRANTS,
        groups=GROUPS,
        members=GROUP_MEMBERS,
        asked=asked,
        cores=os.cpu_count(),
        load=f"{os.getloadavg()[0]:.1f}",
        rows="\n".join(result.row() for result in results),
    )
    sys.stdout.write(table)
    if any("Scan" in result.kinds for result in results):
        progress.print("A question made a Scan", style="red")
        return 1
    if asked == ASKED:
        _RESULT.write_text(table)
    return 0


@contextmanager
def _registry() -> Iterator[Registry]:
    with (
        tempfile.TemporaryDirectory(dir=project_root() / ".cache") as home,
        running_emulator(Path(home)) as endpoint,
    ):
        database = boto3.client(
            "dynamodb",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - the emulator's own
            config=Config(max_pool_connections=8),
        )
        calls: Counter[str] = Counter()
        database.meta.events.register(
            "before-call.dynamodb", lambda model, **_: calls.update([model.name]), unique_id="counting"
        )
        table = "registry"
        database.create_table(
            TableName=table,
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        access = Access(
            database,
            table,
            trail=Trail(database, table, kept_days=400),
            # Policies are not a part of what is measured.
            refreshes=Refreshes(database, table, refresh=lambda _subject: None),
        )
        topics = TopicStore(database, table)
        catalogue = Catalogue(index=Index(database, table), topics=topics, access=access)
        yield Registry(database, table, calls, access, topics, catalogue, Leases(database, table))


def _fill(registry: Registry) -> None:
    chance = random.Random(SEED)  # noqa: S311 - the same registry each time
    identities = [str(uuid.UUID(int=chance.getrandbits(128), version=4)) for _ in range(USERS)]
    registry.subjects.extend(identities)
    accounts = AccountStore(registry.database, registry.table)
    with ThreadPoolExecutor(4) as fillers:
        list(fillers.map(partial(_make_account, registry, accounts), identities))
        owners = list(itertools.islice(itertools.cycle(identities), TOPICS))
        described = [
            (owner, f"topic-{number}", " ".join(chance.sample(_WORDS, 8)), chance.random() < 0.2)
            for number, owner in enumerate(owners)
        ]
        list(fillers.map(partial(_make_topic, registry), described))
        groups = [str(uuid.UUID(int=chance.getrandbits(128), version=4)) for _ in range(GROUPS)]
        for name in groups:
            _make_group(registry, name, chance.sample(identities, GROUP_MEMBERS))
        wanted: dict[tuple[Any, ...], Grant] = {}
        while len(wanted) < GRANTS:
            namespace, topic = chance.choice(registry.names)
            grantee = (
                group(chance.choice(groups)) if chance.random() < 0.1 else user(chance.choice(identities))
            )
            right = chance.choice((Right.READ, Right.WRITE, Right.MANAGE))
            wanted[namespace, topic, grantee, right] = Grant(
                namespace=namespace,
                topic=topic,
                grantee=grantee,
                right=right,
                until=None,
                by=identities[0],
                created=datetime.datetime.now(datetime.UTC),
            )
        list(fillers.map(registry.access.give, wanted.values()))


def _make_account(registry: Registry, accounts: AccountStore, subject: str) -> None:
    with registry.leases.hold(lease_name(subject)) as lease:
        account = accounts.claim(subject, namespace_of(subject), lease)
        accounts.advance(account, AccountState.ACTIVE, lease, [])


def _make_topic(registry: Registry, described: tuple[str, str, str, bool]) -> None:
    owner, name, words, listed = described
    namespace = namespace_of(owner)
    topic = TopicRecord(
        name, State.ACTIVE, uuid.uuid4().hex, about=About(description=words, listed=listed), by=owner
    )
    with registry.leases.hold(f"topic {namespace}.{name}") as lease:
        registry.topics.put(owner, namespace, topic, lease)
    registry.names.append((namespace, name))


def _make_group(registry: Registry, name: str, members: list[str]) -> None:
    """As `octopus.membership` writes down whom Globus Groups names."""
    rows: list[tuple[str, str, dict[str, Any]]] = [
        (f"GROUP#{name}", "GROUP", {"state": {"S": "held"}, "looked": {"N": str(time.time())}})
    ]
    for member in members:
        rows += [(f"GROUP#{name}", f"MEMBER#{member}", {}), (f"IDENTITY#{member}", f"GROUP#{name}", {})]
    for pk, sk, further in rows:
        registry.database.put_item(
            TableName=registry.table, Item={"pk": {"S": pk}, "sk": {"S": sk}, **further}
        )


def _questions(registry: Registry) -> dict[str, Callable[[random.Random], object]]:
    access = registry.access

    def caller(chance: random.Random) -> Caller:
        return Caller(chance.choice(registry.subjects), None, 0, frozenset())

    def search(chance: random.Random, words: int) -> object:
        one, text = caller(chance), " ".join(chance.sample(_WORDS, words))
        own = [namespace_of(one.subject)]
        return registry.catalogue.search(one, text, own=own, tag=None, limit=20, after=None)

    return {
        "topics of one namespace": lambda chance: registry.topics.read(namespace_of(caller(chance).subject)),
        "search for one word": lambda chance: search(chance, 1),
        "search for two words": lambda chance: search(chance, 2),
        "who can read a topic, and why": lambda chance: access.who(*chance.choice(registry.names)),
        "what is shared with me": lambda chance: access.grants_to(caller(chance)),
        "my rights on a topic": lambda chance: access.rights(caller(chance), *chance.choice(registry.names)),
        "what my policies are made of": lambda chance: access.holdings(
            (one := caller(chance)).subject, [namespace_of(one.subject)]
        ),
        "grants on a whole namespace": lambda chance: access.grants_on(
            chance.choice(registry.names)[0], EVERY_TOPIC
        ),
    }


def _ask(registry: Registry, name: str, question: Callable[[random.Random], object], times: int) -> Asked:
    chance = random.Random(SEED)  # noqa: S311 - the same askings each time
    taken, control, calls = [], [], []
    kinds: set[str] = set()
    for _ in range(times):
        registry.calls.clear()
        began = time.perf_counter()
        question(chance)
        taken.append((time.perf_counter() - began) * 1000)
        calls.append(registry.calls.total())
        kinds.update(registry.calls)
        row = {"pk": {"S": f"SUBJECT#{chance.choice(registry.subjects)}"}, "sk": {"S": "ACCOUNT"}}
        began = time.perf_counter()
        registry.database.get_item(TableName=registry.table, Key=row, ConsistentRead=True)
        control.append((time.perf_counter() - began) * 1000)
    return Asked(name, taken, control, calls, frozenset(kinds))


if __name__ == "__main__":
    sys.exit(main())

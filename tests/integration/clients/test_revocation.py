"""How long a withdrawn right still brings records: each client, fetch parked or busy, with the real judge.

A record counts by the time when it was written; writing goes on until each client is refused or long cut off.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from confluent_kafka import Producer

from octopus.iam.generate import principal_policies
from octopus.iam.holdings import own
from octopus.iam.policy_names import INLINE_POLICY_NAME
from tests.integration.clients.cluster import Cluster, Person
from tests.integration.clients.libraries import LIBRARIES, Library
from tests.integration.clients.program import ClientError, Program
from tests.integration.judge.institution import CLUSTER_ARN
from tests.patience import PATIENCE_S

SILENCE_S = 8
"""Without a record for so long, with several written every second, a client is cut off."""

Change = Callable[[Cluster, Person], None]


@dataclass
class Reader:
    """A client that reads for as long as it may."""

    program: Program
    person: Person
    topic: str
    written_at: list[float] = field(default_factory=list)
    refusal: str | None = None

    def park(self) -> None:
        """See the first record, and have a fetch wait for the next."""
        self.program.open_consumer(
            self.person.profile,
            self.topic,
            self.person.name("readers"),
            max_wait_ms=self.program.library.longest_wait_ms,
        )
        self.program.read(1)
        assert self.program.poll(1) == []

    def read(self, *, since: float, bound_s: float) -> None:
        """Read until refused, or until nothing has come for long, since not every client says so."""
        heard = since
        while time.monotonic() < min(heard + SILENCE_S, since + bound_s + SILENCE_S):
            try:
                records = self.program.poll(0.5)
            except ClientError as error:
                self.refusal = error.name
                return
            if records:
                heard = time.monotonic()
                self.written_at += [float(value) for _, _, value in records]


class Writer:
    """The cluster's own: it writes the time into every reader's topic, several times a second."""

    def __init__(self, cluster: Cluster, topics: list[str]) -> None:
        self.stop = threading.Event()
        self._producer = Producer(cluster.node.inner | {"linger.ms": 0, "log_level": 0})
        self._topics = topics

    def write(self) -> None:
        """One record into each topic."""
        for topic in self._topics:
            self._producer.produce(topic, str(time.monotonic()))
        assert self._producer.flush(PATIENCE_S) == 0

    def go_on(self, *, after: float) -> None:
        """Write from a moment of ``time.monotonic()`` until stopped."""
        pause = max(0.0, after - time.monotonic())
        while not self.stop.wait(pause):
            self.write()
            pause = 0.2


@pytest.fixture
def readers(programs: Callable[[Library], Program], cluster: Cluster) -> list[Reader]:
    """One of each library, every one of a person of its own, with its fetch parked."""
    ready = []
    for library in LIBRARIES:
        person = cluster.person(f"reader-{library}")
        ready.append(Reader(programs(library), person, cluster.topic(person, "events")))
    return ready


def _policy_by_the_service(cluster: Cluster, person: Person) -> None:
    nothing = principal_policies(cluster_arn=CLUSTER_ARN, holdings=own()).inline
    cluster.institution.write_policy(person.tenant, nothing)


def _key_by_the_service(cluster: Cluster, person: Person) -> None:
    cluster.institution.store.remove(person.tenant.subject, [person.tenant.access_key_id])


def _policy_by_hand(cluster: Cluster, person: Person) -> None:
    nothing = json.dumps(principal_policies(cluster_arn=CLUSTER_ARN, holdings=own()).inline)
    cluster.institution.iam.put_user_policy(
        UserName=person.tenant.subject, PolicyName=INLINE_POLICY_NAME, PolicyDocument=nothing
    )


@pytest.mark.parametrize(
    ("change", "silent_s", "bound_s"),
    [
        pytest.param(_policy_by_the_service, 0, 60, id="policy-busy", marks=pytest.mark.long),
        pytest.param(_key_by_the_service, 5, 60, id="key-parked"),
        pytest.param(_policy_by_the_service, 5, 60, id="policy-parked", marks=pytest.mark.long),
        pytest.param(_key_by_the_service, 0, 60, id="key-busy", marks=pytest.mark.long),
        pytest.param(_policy_by_hand, 0, 90, id="policy-by-hand-busy", marks=pytest.mark.long),
        pytest.param(_policy_by_hand, 50, 90, id="policy-by-hand-parked", marks=pytest.mark.long),
    ],
)
def test_last_record_leaves_in_time(
    change: Change, silent_s: float, bound_s: float, readers: list[Reader], cluster: Cluster
) -> None:
    """Writing goes on all the time, or begins ``silent_s`` after the change: fetches stay parked so long."""
    writer = Writer(cluster, [reader.topic for reader in readers])
    with ThreadPoolExecutor(len(readers) + 1) as together:
        try:
            writer.write()
            list(together.map(Reader.park, readers))
            began = time.monotonic()
            if not silent_s:
                writing = together.submit(writer.go_on, after=began)
            for reader in readers:
                change(cluster, reader.person)
            start = time.monotonic() + silent_s
            if silent_s:
                writing = together.submit(writer.go_on, after=start)
            list(together.map(lambda reader: reader.read(since=start, bound_s=bound_s), readers))
        finally:
            writer.stop.set()
            list(together.map(lambda reader: reader.program.close(), readers))
        writing.result()
    for reader in readers:
        last = max((written - began for written in reader.written_at), default=0.0)
        print(f"{reader.program.library}: last record {last:.1f} s after, then {reader.refusal}")  # noqa: T201
        assert last < bound_s
        assert not (silent_s and reader.written_at), reader.program.library

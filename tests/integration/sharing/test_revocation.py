"""How long a right that is taken, or that ends, is still of use: to a consumer, to a producer, over HTTPS."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from botocore.credentials import Credentials
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition

from octopus.globus.groups import Groups, Role, Status
from octopus.globus.store import IdentityStore
from octopus.kafka.client import client_settings
from tests.integration.broker.node import Node
from tests.integration.globus.process import SERVICE_CLIENT_ID
from tests.integration.service.replica import Person, Replica, await_that
from tests.patience import PATIENCE_S, next_message, patiently

LAST_RECORD_S = 60
"""No record leaves a broker later than this after a right was taken."""
SILENCE_S = 8
"""Without a record for so long, with ten written every second, a consumer is cut off; not all are told."""
POLL_S = 4
"""So often replicas under test ask for groups' members; by default it is 300 s, and comes on top."""
ENDS_IN_S = 5
REFUSED = (KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED)

Revoke = Callable[[], float]
"""Takes the right; returns the moment, of ``time.monotonic()``, from which it is gone."""


@dataclass
class Watched:
    """Somebody who reads and writes a topic of another's, until he is refused."""

    how: str
    person: Person
    topic: str
    settings: dict[str, Any]
    bound_s: float = LAST_RECORD_S
    written_at: list[float] = field(default_factory=list)
    """When each of the records that reached him was written."""
    unwritten_from: float = 0.0
    unserved_from: float = 0.0

    def may(self) -> bool:
        """Whether brokers know of all his rights yet."""
        consumer = Consumer({**self.settings, "group.id": f"{self.person.namespace}.tries"})
        try:
            names = (self.topic, f"{self.topic}-in")
            return all(
                patiently(partial(consumer.list_topics, name, timeout=PATIENCE_S)).topics[name].error is None
                for name in names
            )
        finally:
            consumer.close()

    def read(self, parked: threading.Barrier) -> None:
        """Consume, with a fetch that waits for as long as it takes, until refused."""
        waits = {"fetch.wait.max.ms": 60_000, "socket.timeout.ms": 70_000, "enable.auto.commit": False}
        consumer = Consumer({**self.settings, **waits, "group.id": f"{self.person.namespace}.readers"})
        try:
            consumer.assign([TopicPartition(self.topic, 0, 0)])
            first = next_message(consumer)
            assert first is not None
            assert first.error() is None, first.error()
            while consumer.poll(1) is not None:
                """There is more of what was written to find out whether he may read."""
            parked.wait()
            while (message := consumer.poll(SILENCE_S)) is not None:
                error = message.error()
                if error is None:
                    self.written_at.append(float(message.value() or b""))
                elif error.code() in REFUSED:
                    break
        finally:
            consumer.close()

    def write(self, parked: threading.Barrier) -> None:
        """Produce several records a second until refused."""
        producer = Producer({**self.settings, "linger.ms": 0, "message.timeout.ms": 30_000})
        outcomes: list[KafkaError | None] = []

        def written() -> bool:
            producer.produce(f"{self.topic}-in", b"x", on_delivery=lambda error, _: outcomes.append(error))
            producer.flush(PATIENCE_S)
            assert outcomes[-1] is None or outcomes[-1].code() in REFUSED, outcomes[-1]
            return outcomes[-1] is None

        assert written()
        parked.wait()
        while written():
            time.sleep(0.1)
        self.unwritten_from = time.monotonic()

    def ask(self, replica: Replica, parked: threading.Barrier) -> None:
        """Describe the topic over HTTPS until refused."""
        path = f"/api/v3/{self.topic.replace('.', '/')}"
        assert self.person.call(replica, "GET", path).status_code == 200
        parked.wait()
        while (reply := self.person.call(replica, "GET", path)).status_code != 403:
            assert reply.status_code == 200, reply.text
            time.sleep(0.1)
        self.unserved_from = time.monotonic()

    def check(self, gone: float) -> None:
        """Hold what was seen to the bounds, and print it."""
        last = max([0.0, *(moment - gone for moment in self.written_at)])
        refused = max(0.0, self.unwritten_from - gone)
        unserved = max(0.0, self.unserved_from - gone)
        print(  # noqa: T201
            f"{self.how}: last record {last:.1f} s after, producer refused {refused:.1f} s after, "
            f"403 {unserved:.1f} s after"
        )
        assert last < self.bound_s, self.how
        assert refused < self.bound_s, self.how
        assert unserved < self.bound_s, self.how


@pytest.fixture
def clients_of(replicas: list[Replica], broker: Node) -> Callable[[Person], dict[str, Any]]:
    """Makes settings of clients that sign with a person's key."""

    def make(person: Person) -> dict[str, Any]:
        key = person.get(replicas[0], "POST", "/api/v3/key")
        return client_settings(
            bootstrap_servers=broker.bootstrap_servers,
            ca_file=broker.ca_file,
            credentials=Credentials(key["access_key"], key["secret_key"]),
        ) | {"log_level": 0}

    return make


@contextmanager
def writing(broker: Node, topics: list[str]) -> Iterator[None]:
    """The cluster's own writes the time into each topic, ten times a second."""
    producer, stop = Producer(broker.inner | {"linger.ms": 0, "log_level": 0}), threading.Event()

    def write() -> None:
        while not stop.wait(0.1):
            for topic in topics:
                producer.produce(topic, str(time.monotonic()))
            assert producer.flush(PATIENCE_S) == 0

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(write)
        try:
            yield
        finally:
            stop.set()
        done.result()


def test_right_that_is_gone_is_of_no_use_in_time(
    replicas: list[Replica],
    broker: Node,
    identities: IdentityStore,
    new_people: Callable[[], Person],
    clients_of: Callable[[Person], dict[str, Any]],
) -> None:
    """Each consumer's fetch is parked when its right goes, and records come from then on."""
    owner, replica = new_people(), replicas[0]
    project = f"lab-{owner.subject[:8]}"
    owner.get(replica, "POST", "/api/v3/user")
    owner.get(replica, "POST", f"/api/v3/projects/{project}")
    groups = Groups(identities.database)
    group = groups.create("crew", admin=owner.subject).id
    groups.put(group, SERVICE_CLIENT_ID, role=Role.MANAGER)
    direct, in_group, member, until = (new_people() for _ in range(4))
    groups.put(group, in_group.subject, role=Role.MEMBER)

    def shared(name: str, grantee: dict[str, str]) -> str:
        """A topic that is read and one that is written; gives the first one's full name."""
        for topic, right in ((name, "read"), (f"{name}-in", "write")):
            path = f"/api/v3/{owner.namespace}/{topic}"
            owner.get(replica, "POST", path)
            owner.get(replica, "POST", f"{path}/grants", {**grantee, "right": right})
        return f"{owner.namespace}.{name}"

    def of_project(name: str) -> str:
        for topic in (name, f"{name}-in"):
            owner.get(replica, "POST", f"/api/v3/{project}/{topic}")
        owner.get(replica, "POST", f"/api/v3/projects/{project}/members", {"who": member.subject})
        return f"{project}.{name}"

    watched = [
        Watched("grant", direct, shared("direct", {"who": direct.subject}), clients_of(direct)),
        Watched(
            f"group, asked for every {POLL_S} s",
            in_group,
            shared("crew", {"group": group}),
            clients_of(in_group),
            POLL_S + LAST_RECORD_S,
        ),
        Watched("project membership", member, of_project("events"), clients_of(member)),
        Watched("end date", until, shared("until", {"who": until.subject}), clients_of(until)),
    ]

    def unshare() -> float:
        for topic, right in (("direct-in", "write"), ("direct", "read")):
            path = f"/api/v3/{owner.namespace}/{topic}/grants/{right}-user-{direct.subject}"
            owner.get(replica, "DELETE", path)
        return time.monotonic()

    def leave_group() -> float:
        groups.put(group, in_group.subject, role=Role.MEMBER, status=Status.REMOVED)
        return time.monotonic()

    def leave_project() -> float:
        path = f"/api/v3/projects/{project}/members/member-user-{member.subject}"
        owner.get(replica, "DELETE", path)
        return time.monotonic()

    def let_end() -> float:
        ends = (datetime.now(UTC) + timedelta(seconds=ENDS_IN_S)).replace(microsecond=0)
        for topic, right in (("until-in", "write"), ("until", "read")):
            grant = {"who": until.subject, "right": right, "until": ends.isoformat()}
            owner.get(replica, "POST", f"/api/v3/{owner.namespace}/{topic}/grants", grant)
        return time.monotonic() + ends.timestamp() - time.time()

    with writing(broker, [one.topic for one in watched]):
        for one in watched:
            await_that(one.may)
    parked = threading.Barrier(3 * len(watched) + 1, timeout=PATIENCE_S)
    with ThreadPoolExecutor(3 * len(watched)) as pool:
        futures = [
            pool.submit(do, *arguments)
            for one in watched
            for do, arguments in (
                (one.read, (parked,)),
                (one.write, (parked,)),
                (one.ask, (replicas[1], parked)),
            )
        ]
        parked.wait()
        with writing(broker, [one.topic for one in watched]):
            gone = [revoke() for revoke in (unshare, leave_group, leave_project, let_end)]
            for future in futures:
                future.result()
    for one, moment in zip(watched, gone, strict=True):
        one.check(moment)

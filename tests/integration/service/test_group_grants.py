"""What people hold through Globus groups and linked identities, as Kafka itself sees it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator

import pytest
from botocore.credentials import Credentials
from confluent_kafka import Consumer, KafkaError, KafkaException

from octopus.globus.groups import Groups, Role, Status
from octopus.globus.store import IdentityStore
from octopus.kafka.client import client_settings
from tests.integration.broker.node import Node
from tests.integration.globus.process import SERVICE_CLIENT_ID, StandIn
from tests.integration.service.replica import Person, Replica, await_that, new_person
from tests.patience import PATIENCE_S, patiently

POLL_S = 4.0
"""As the replicas are told."""
CARRIED_S = 5.0
"""From the registry into Kafka's decisions."""


@pytest.fixture
def identities(globus: StandIn) -> Iterator[IdentityStore]:
    """The stand-in's own store: what people do in Globus' pages."""
    with IdentityStore(globus.store) as store:
        yield store


@pytest.fixture
def reads(replica: Replica, broker: Node) -> Callable[[Person, str], Callable[[], bool]]:
    """Makes questions whether a person may read a topic, each on a connection of its own."""

    def make(person: Person, topic: str) -> Callable[[], bool]:
        person.get(replica, "POST", "/api/v3/user")
        key = person.get(replica, "POST", "/api/v3/key")
        settings = client_settings(
            bootstrap_servers=broker.bootstrap_servers,
            ca_file=broker.ca_file,
            credentials=Credentials(key["access_key"], key["secret_key"]),
        )

        def may_read() -> bool:
            consumer = Consumer({**settings, "group.id": f"{person.namespace}.readers"})
            try:
                answer = (
                    patiently(lambda: consumer.list_topics(topic, timeout=PATIENCE_S)).topics[topic].error
                )
            finally:
                consumer.close()
            if answer is not None and answer.code() != KafkaError.TOPIC_AUTHORIZATION_FAILED:
                raise KafkaException(answer)
            return answer is None

        return may_read

    return make


@pytest.fixture
def topic(replica: Replica, person: Person) -> str:
    """A topic to share, by the name that Kafka has for it."""
    person.get(replica, "POST", "/api/v3/user")
    person.get(replica, "POST", f"/api/v3/{person.namespace}/events")
    return f"{person.namespace}.events"


def seconds_until(holds: Callable[[], bool]) -> float:
    began = time.monotonic()
    await_that(holds)
    return time.monotonic() - began


def test_members_of_a_group_read_while_they_are_in_it(
    replica: Replica,
    person: Person,
    topic: str,
    new_people: Callable[[], Person],
    identities: IdentityStore,
    reads: Callable[[Person, str], Callable[[], bool]],
    promised: Callable[[float, float], None],
) -> None:
    member, later = new_people(), new_people()
    groups = Groups(identities.database)
    group = groups.create("beamline", admin=person.subject).id
    groups.put(group, SERVICE_CLIENT_ID, role=Role.MANAGER)
    groups.put(group, member.subject, role=Role.MEMBER)
    member_reads, later_reads = reads(member, topic), reads(later, topic)
    assert not member_reads()

    grants = f"/api/v3/{person.namespace}/events/grants"
    given = person.get(replica, "POST", grants, {"group": group, "right": "read"})
    promised(seconds_until(member_reads), CARRIED_S)
    assert not later_reads()
    shared = member.get(replica, "GET", "/api/v3/shared")["shared"]
    assert [one["namespace"] for one in shared] == [person.namespace]

    groups.put(group, later.subject, role=Role.MEMBER)
    groups.put(group, member.subject, role=Role.MEMBER, status=Status.REMOVED)
    promised(seconds_until(lambda: not member_reads()), POLL_S + CARRIED_S)
    await_that(later_reads)

    person.get(replica, "DELETE", f"{grants}/{given['grant']['id']}")
    promised(seconds_until(lambda: not later_reads()), CARRIED_S)


def test_grant_to_a_linked_identity_counts_as_long_as_it_is_linked(
    replica: Replica,
    person: Person,
    topic: str,
    globus: StandIn,
    identities: IdentityStore,
    reads: Callable[[Person, str], Callable[[], bool]],
    promised: Callable[[float, float], None],
) -> None:
    name = f"p{uuid.uuid4().hex[:10]}"
    reader, at_home = new_person(globus, name), identities.ensure_identity(f"{name}-home")
    reader_reads = reads(reader, topic)
    grants = f"/api/v3/{person.namespace}/events/grants"
    person.get(replica, "POST", grants, {"who": at_home.username, "right": "read"})
    assert not reader_reads()

    identities.link(reader.subject, at_home.id)
    # The token at hand is remembered for five minutes; with a new one the link is seen.
    new_person(globus, name).get(replica, "GET", "/api/v3/namespace")
    promised(seconds_until(reader_reads), CARRIED_S)

    identities.unlink(at_home.id)
    new_person(globus, name).get(replica, "GET", "/api/v3/namespace")
    promised(seconds_until(lambda: not reader_reads()), CARRIED_S)


def test_group_whose_members_the_fabric_does_not_see_is_refused(
    replica: Replica, person: Person, topic: str, identities: IdentityStore
) -> None:
    group = Groups(identities.database).create("private", admin=person.subject).id
    reply = person.call(
        replica,
        "POST",
        f"/api/v3/{topic.replace('.', '/')}/grants",
        body={"group": group, "right": "read"},
    )
    assert reply.status_code == 422
    assert SERVICE_CLIENT_ID in reply.json()["message"]

"""Groups go with the account that they belong to."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from botocore.credentials import Credentials
from confluent_kafka import Consumer, TopicPartition

from octopus.kafka.admin import TopicAdmin
from octopus.kafka.client import client_settings
from octopus.kafka.groups import GroupAdmin
from tests.integration.broker.node import Node
from tests.integration.service.replica import Person, Replica, await_that


@pytest.fixture
def groups(kafka: TopicAdmin) -> GroupAdmin:
    return GroupAdmin(kafka.connected)


@pytest.fixture
def consumer_of(replica: Replica, broker: Node) -> Callable[[Person, str], Consumer]:
    """Makes a consumer of a person, in the group ``<namespace>.readers-<protocol>``."""

    def make(person: Person, protocol: str) -> Consumer:
        key = person.get(replica, "POST", "/api/v3/key")
        settings = client_settings(
            bootstrap_servers=broker.bootstrap_servers,
            ca_file=broker.ca_file,
            credentials=Credentials(key["access_key"], key["secret_key"]),
        )
        group = {"group.id": f"{person.namespace}.readers-{protocol}", "group.protocol": protocol}
        return Consumer({**settings, **group})

    return make


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_group_with_members_is_kept_and_named_and_deleted_once_they_left(
    replica: Replica,
    person: Person,
    groups: GroupAdmin,
    consumer_of: Callable[[Person, str], Consumer],
    protocol: str,
) -> None:
    person.get(replica, "POST", "/api/v3/user")
    person.get(replica, "POST", f"/api/v3/{person.namespace}/events")
    name = f"{person.namespace}.readers-{protocol}"
    consumer = consumer_of(person, protocol)
    try:
        consumer.subscribe([f"{person.namespace}.events"])
        await_that(lambda: consumer.poll(0.1) is not None or bool(consumer.assignment()))
        assert groups.names(f"{person.namespace}.") == [name]
        assert groups.delete([name]) == [name]
        consumer.commit(offsets=[TopicPartition(f"{person.namespace}.events", 0, 0)], asynchronous=False)
    finally:
        consumer.close()

    assert groups.names("ns-000000000000.") == []
    assert groups.delete([name, f"{person.namespace}.never-was"]) == []
    assert groups.names(f"{person.namespace}.") == []


def test_groups_of_a_deleted_account_are_deleted(
    replica: Replica,
    person: Person,
    groups: GroupAdmin,
    consumer_of: Callable[[Person, str], Consumer],
) -> None:
    person.get(replica, "POST", "/api/v3/user")
    person.get(replica, "POST", f"/api/v3/{person.namespace}/events")
    consumer = consumer_of(person, "classic")
    consumer.commit(offsets=[TopicPartition(f"{person.namespace}.events", 0, 0)], asynchronous=False)
    consumer.close()
    assert groups.names(f"{person.namespace}.") == [f"{person.namespace}.readers-classic"]

    person.get(replica, "DELETE", "/api/v3/user")

    await_that(lambda: groups.names(f"{person.namespace}.") == [])

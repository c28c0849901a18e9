"""One fabric for all of these tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from tests.integration.enforcement.fabric import Fabric, Principal, running_fabric
from tests.patience import PATIENCE_S


@pytest.fixture(scope="package")
def fabric(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fabric]:
    """Real parts: broker, judge, IAM of the emulator, and the services that make accounts."""
    with running_fabric(emulator, tmp_path_factory.mktemp("enforcement")) as running:
        yield running


@pytest.fixture(scope="package")
def operator(fabric: Fabric) -> Principal:
    """Somebody who may do whatever a policy can allow."""
    return fabric.operator()


@pytest.fixture(scope="package")
def alice(fabric: Fabric) -> Principal:
    """A person who tries what she may not."""
    return fabric.person("events")


@pytest.fixture(scope="package")
def bob(fabric: Fabric) -> Principal:
    """Another person, whose topic ``events`` holds a record and whose group ``readers`` an offset."""
    person = fabric.person("events", "drafts")
    name = f"{person.namespace}.events"
    producer = Producer(fabric.settings(person))
    producer.produce(name, b"one")
    assert producer.flush(PATIENCE_S) == 0
    consumer = Consumer(fabric.settings(person, group_id=f"{person.namespace}.readers"))
    try:
        consumer.commit(offsets=[TopicPartition(name, 0, 1)], asynchronous=False)
    finally:
        consumer.close()
    return person

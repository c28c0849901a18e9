"""A process that dies in the middle of an operation, on a real broker: the long form of the crash points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from botocore.credentials import Credentials
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient

from octopus.kafka.admin import KafkaTopic
from octopus.kafka.client import client_settings
from tests.integration.accounts.crash import DIFFERENT, Death, background_completes, next_call_completes
from tests.integration.accounts.fabric import Fabric, new_fabric, shared_clients
from tests.integration.broker.node import Node
from tests.integration.service.deployment import Deployment, aws_environment
from tests.integration.service.replica import await_that
from tests.memory_kafka import WatchedGroups, WatchedKafka

pytestmark = pytest.mark.long

ON_KAFKA = [death for death in DIFFERENT if "key" not in death.operation and death.operation != "revoke"]
"""Keys are no matter of the brokers."""


FIRST_GROUP_S = 120
"""The first group of a broker waits for the topic of all groups' offsets, of fifty partitions, to be made."""


class LiveKafka(WatchedKafka):
    """Real brokers, watched."""

    def create(
        self,
        name: str,
        *,
        unlike: str | None = None,
        partitions: int = 1,
        configs: Mapping[str, str] | None = None,
    ) -> KafkaTopic:
        """See `TopicAdmin.create`."""
        self.watch("kafka.create", "before")
        made = super().create(name, unlike=unlike, partitions=partitions, configs=configs)
        self.watch("kafka.create", "after")
        return made

    def delete(self, names: Sequence[str]) -> None:
        """See `TopicAdmin.delete`."""
        self.watch("kafka.delete", "before")
        super().delete(names)
        self.watch("kafka.delete", "after")

    def describe(self, name: str) -> KafkaTopic | None:
        """See `TopicAdmin.describe`."""
        self.watch("kafka.describe", "before")
        found = super().describe(name)
        self.watch("kafka.describe", "after")
        return found

    def list_topics(self, prefix: str) -> dict[str, KafkaTopic]:
        """See `TopicAdmin.list_topics`."""
        self.watch("kafka.list", "before")
        found = super().list_topics(prefix)
        self.watch("kafka.list", "after")
        return found


class LiveGroups(WatchedGroups):
    """The groups of the same brokers."""

    def __init__(self, kafka: LiveKafka, inner: AdminClient) -> None:
        super().__init__(kafka.connected)
        self._kafka = kafka
        self._inner = inner

    def add(self, name: str, *, reads: str) -> None:
        """See `WatchedGroups.add`."""
        read = ConsumerGroupTopicPartitions(name, [TopicPartition(reads, 0, 0)])
        for done in self._inner.alter_consumer_group_offsets([read], request_timeout=FIRST_GROUP_S).values():
            done.result(FIRST_GROUP_S)

    def names(self, prefix: str) -> list[str]:
        """See `GroupAdmin.names`."""
        self._kafka.watch("kafka.groups", "before")
        found = super().names(prefix)
        self._kafka.watch("kafka.groups", "after")
        return found

    def delete(self, names: Sequence[str]) -> list[str]:
        """See `GroupAdmin.delete`."""
        self._kafka.watch("kafka.delete_groups", "before")
        in_use = super().delete(names)
        self._kafka.watch("kafka.delete_groups", "after")
        return in_use


@pytest.fixture(scope="module")
def brokers(
    deployment: Deployment, broker: Node, judge: str, service_environment: dict[str, str]
) -> Iterator[tuple[LiveKafka, LiveGroups]]:
    """The broker, with the service's rights; groups are given by the broker's own user."""
    key = Credentials(service_environment["AWS_ACCESS_KEY_ID"], service_environment["AWS_SECRET_ACCESS_KEY"])
    kafka = LiveKafka(
        lambda: client_settings(
            bootstrap_servers=broker.bootstrap_servers, ca_file=broker.ca_file, credentials=key
        ),
        replication_factor=1,
    )
    await_that(lambda: kafka.answers(timeout_s=5))
    yield kafka, LiveGroups(kafka, AdminClient(broker.inner))
    kafka.close()


@pytest.fixture
def fabric(deployment: Deployment, brokers: tuple[LiveKafka, LiveGroups]) -> Iterator[Fabric]:
    """A fabric with a subject who has nothing yet."""
    with aws_environment(deployment.endpoint), shared_clients():
        yield new_fabric(deployment, *brokers)


@pytest.mark.parametrize("death", ON_KAFKA, ids=str)
def test_next_call_completes_what_a_dead_process_left_on_a_broker(
    fabric: Fabric, deployment: Deployment, death: Death
) -> None:
    iam: Any = deployment.client("iam")
    next_call_completes(fabric, iam, death)


@pytest.mark.parametrize("death", ON_KAFKA, ids=str)
def test_background_completes_what_a_dead_process_left_on_a_broker(
    fabric: Fabric, deployment: Deployment, death: Death
) -> None:
    iam: Any = deployment.client("iam")
    background_completes(fabric, iam, death)

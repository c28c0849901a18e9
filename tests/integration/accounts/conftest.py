"""A service without HTTP on an emulator, with brokers in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.aws_calls.recording import recording_clients
from tests.integration.accounts.fabric import Fabric, new_fabric, shared_clients
from tests.integration.broker.node import CLUSTER_ARN
from tests.integration.service.deployment import Deployment, aws_environment, deploy
from tests.memory_kafka import MemoryGroups, MemoryKafka


@pytest.fixture(scope="module")
def deployment(emulator: str) -> Iterator[Deployment]:
    """What the stacks make; this process's AWS calls go there."""
    made = deploy(
        emulator,
        cluster_arn=CLUSTER_ARN,
        bootstrap_servers="127.0.0.1:9",
        globus_url="http://127.0.0.1:9/",
        globus_secret="unused",
    )
    with aws_environment(emulator), shared_clients() as clients:
        told = made.settings
        with recording_clients(
            "service", clients, institution=told.institution, key_arn=told.credentials_key_arn
        ):
            yield made


@pytest.fixture
def kafka() -> MemoryKafka:
    """The brokers."""
    return MemoryKafka()


@pytest.fixture
def fabric(deployment: Deployment, kafka: MemoryKafka) -> Iterator[Fabric]:
    """A fabric with a subject who has nothing yet; its tables are empty."""
    made = new_fabric(deployment, kafka, MemoryGroups(kafka))
    yield made
    made.clear()


@pytest.fixture
def iam(deployment: Deployment) -> Any:
    """IAM, as the AWS account's administrator."""
    return deployment.client("iam")

"""The service's own fixtures, and everybody of the law as real people of a running fabric."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from octopus.globus.store import IdentityStore
from octopus.web.assembly import Features
from tests.integration.broker.node import Node
from tests.integration.globus.process import StandIn
from tests.integration.service.conftest import (  # noqa: F401 - fixtures
    broker,
    deployment,
    features,
    globus,
    judge,
    judge_address,
    judge_secret,
    new_people,
    replicas,
    service_calls,
    service_environment,
)
from tests.integration.service.replica import Replica
from tests.integration.sharing.cast import Cast


@pytest.fixture(scope="session")
def identities(globus: StandIn) -> Iterator[IdentityStore]:  # noqa: F811
    """The stand-in's own store: what people do in Globus' pages."""
    with IdentityStore(globus.store) as store:
        yield store


@pytest.fixture(scope="session")
def cast(
    globus: StandIn,  # noqa: F811
    identities: IdentityStore,
    replicas: list[Replica],  # noqa: F811
    broker: Node,  # noqa: F811
    features: Features,  # noqa: F811
) -> Cast:
    """All people and places of the law; nothing but projects' own roles is given yet."""
    return Cast(globus, identities, replicas, broker, features)

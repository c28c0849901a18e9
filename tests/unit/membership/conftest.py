"""A world of groups for each test, over one stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from octopus.globus.store import IdentityStore
from tests.unit.membership.world import World, running_stand_in


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, IdentityStore]]:
    """Its address and its store."""
    with running_stand_in(tmp_path_factory.mktemp("globus")) as running:
        yield running


@pytest.fixture
def world(stand_in: tuple[str, IdentityStore], database: Any, table: str) -> Iterator[World]:
    """An empty registry beside that stand-in."""
    url, identities = stand_in
    made = World(database, table, url, identities)
    yield made
    made.globus.close()

"""What tests of rights share."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.access.world import World


@pytest.fixture
def world(database: Any, table: str) -> World:
    """A registry with a project, ``lab``, in which nobody has a right yet."""
    made = World(database, table)
    made.namespace("lab", "project")
    return made

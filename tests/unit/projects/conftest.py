"""What tests of projects share."""

from __future__ import annotations

from typing import Any

import pytest

from tests.memory_kafka import MemoryGroups, MemoryKafka
from tests.unit.projects.lab import Lab


@pytest.fixture
def kafka() -> MemoryKafka:
    """The brokers."""
    return MemoryKafka()


@pytest.fixture
def lab(database: Any, table: str, kafka: MemoryKafka) -> Lab:
    """Projects, of which there are none yet."""
    return Lab(database, table, kafka, MemoryGroups(kafka))

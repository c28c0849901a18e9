"""What the judge's unit tests share."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.unit.judge.world import Scene, World


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def scene(world: World) -> Iterator[Scene]:
    with ThreadPoolExecutor(1) as executor, asyncio.Runner() as runner:
        yield Scene(world, executor, runner.run)

"""One fabric for all of these tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.enforcement.fabric import Fabric, Principal, running_fabric


@pytest.fixture(scope="package")
def fabric(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fabric]:
    """Real parts: broker, judge, IAM of the emulator, and the services that make accounts."""
    with running_fabric(emulator, tmp_path_factory.mktemp("enforcement")) as running:
        yield running


@pytest.fixture(scope="package")
def operator(fabric: Fabric) -> Principal:
    """Somebody who may do whatever a policy can allow."""
    return fabric.operator()

"""One stand-in for the tests that do not stop it, change its settings or wait for its tokens to end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.globus.process import StandIn


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """A running stand-in."""
    process = StandIn(tmp_path_factory.mktemp("globus"))
    process.start()
    try:
        yield process
    finally:
        process.stop()


@pytest.fixture(autouse=True)
def _globus_sdk_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """No client of a test falls back to the real Globus Auth."""
    monkeypatch.setenv("GLOBUS_SDK_SERVICE_URL_AUTH", "http://127.0.0.1:9/")

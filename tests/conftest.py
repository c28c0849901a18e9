"""What tests of every kind share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.emulator import running_emulator


class _ByFolder(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Keeps each folder's tests on one worker, which starts their processes once."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.partition("::")[0].rpartition("/")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _ByFolder:
    """Spread folders, not tests, when there is more than one worker."""
    return _ByFolder(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the folder that takes longest."""
    items.sort(key=lambda item: "integration/fabric" not in item.path.parent.as_posix())


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an AWS emulator of the session's own: empty at first, gone at the end.

    No environment variable is set: whoever needs ``AWS_ENDPOINT_URL`` sets it for as long as it needs it.
    """
    with running_emulator(tmp_path_factory.mktemp("emulator")) as address:
        yield address

"""What tests of every kind share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.commands import Commands, ready_commands
from tests.emulator import running_emulator

_LONGEST_FIRST = (
    "integration/fabric",
    "integration/service",
    "integration/accounts",
    "integration/sharing",
    "integration/clients",
    "integration/broker",
    "integration/cluster",
    "tests/infrastructure",
)


class _ByFolder(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Keeps each folder's tests on one worker, which starts their processes once."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.partition("::")[0].rpartition("/")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _ByFolder:
    """Spread folders, not tests, when there is more than one worker."""
    return _ByFolder(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the folders that take longest, or the last of them would keep one worker busy alone."""

    def rank(item: pytest.Item) -> int:
        folder = item.path.parent.as_posix()
        ranks = [place for place, name in enumerate(_LONGEST_FIRST) if folder.endswith(name)]
        return ranks[0] if ranks else len(_LONGEST_FIRST)

    items.sort(key=rank)


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an AWS emulator of the session's own: empty at first, gone at the end.

    No environment variable is set: whoever needs ``AWS_ENDPOINT_URL`` sets it for as long as it needs it.
    """
    with running_emulator(tmp_path_factory.mktemp("emulator")) as address:
        yield address


@pytest.fixture(scope="session")
def commands() -> Iterator[Commands]:
    """The ``octopus`` command, ready to be given."""
    with ready_commands() as ready:
        yield ready


@pytest.fixture
def promised(request: pytest.FixtureRequest) -> Callable[[float, float], None]:
    """Holds what something took, in seconds, to what is promised; not beside other tests (`make test`)."""
    measured = "not long" not in request.config.getoption("markexpr")

    def hold(took: float, at_most: float) -> None:
        assert not measured or took < at_most

    return hold

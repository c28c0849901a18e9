"""One whole fabric for the tests of this folder: started by `octopus up`, as a user would."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from octopus.cli.session import Session, open_session
from octopus.fabric.progress import Progress
from octopus.fabric.service import Fabric
from octopus.fabric.settings import FabricSettings
from tests.commands import OCTOPUS, Commands

ROOT = Path(__file__).parents[3]
SDK_PYTHON = ROOT / ".venv-sdk" / "bin" / "python"
_LASTING = ("down", "restart", "up")
"""Commands whose processes outlive them."""


@dataclass(frozen=True)
class RunningFabric:
    """The fabric under test, reached as its users reach it."""

    home: Path
    commands: Commands

    def octopus(self, *arguments: str, check: bool = True, seconds: float = 240) -> Any:
        """Run the command with ``--json`` and return what it printed."""
        done = self.command(*arguments, "--json", seconds=seconds)
        if check:
            assert done.returncode == 0, f"octopus {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return json.loads(done.stdout)

    def command(
        self, *arguments: str, environment: Mapping[str, str] | None = None, seconds: float = 240
    ) -> subprocess.CompletedProcess[str]:
        """Run the command and return how it ended."""
        told = {**self.plain_environment(), **(environment or {})}
        if arguments[0] not in _LASTING:
            return self.commands.run(*arguments, environment=told, seconds=seconds)
        return subprocess.run(
            [OCTOPUS, *arguments], env=told, capture_output=True, text=True, timeout=seconds, check=False
        )

    def plain_environment(self) -> dict[str, str]:
        """A user's shell that knows only where this fabric keeps its state."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        return {**kept, "OCTOPUS_HOME": str(self.home)}

    def sdk_environment(self, name: str) -> dict[str, str]:
        """What `eval "$(octopus env --as NAME)"` gives a shell, and nothing of the project beside it."""
        exports = self.octopus("env", "--as", name)
        kept = {key: value for key, value in self.plain_environment().items() if key != "OCTOPUS_HOME"}
        return {**kept, **exports}

    def session(self, name: str) -> Session:
        """A caller of the web service, as `octopus --as NAME` makes one."""
        return open_session(name)

    def processes(self) -> dict[str, dict[str, Any]]:
        """What `octopus status` shows, by process name."""
        found = Fabric(FabricSettings(), Progress(None)).status()
        return {process.name: dataclasses.asdict(process) for process in found}


@pytest.fixture(scope="package")
def fabric(tmp_path_factory: pytest.TempPathFactory, commands: Commands) -> Iterator[RunningFabric]:
    """A fabric on the default ports: the published SDK knows no others."""
    running = RunningFabric(tmp_path_factory.mktemp("fabric", numbered=False), commands)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OCTOPUS_HOME", str(running.home))
        environment.setenv("GLOBUS_SDK_SERVICE_URL_AUTH", FabricSettings().auth_url)
        try:
            running.octopus("up", seconds=400)
            yield running
        finally:
            assert running.command("down").returncode == 0

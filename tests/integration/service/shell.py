"""The command line, as somebody at a terminal uses it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from typer.testing import CliRunner, Result

from octopus.cli.app import app


@dataclass(frozen=True)
class Shell:
    """Somebody's, who is logged in by the variables that the SDK knows."""

    username: str
    environment: dict[str, str]

    def run(self, *words: str) -> Result:
        """What a command does."""
        return CliRunner().invoke(app, words, env=self.environment)

    def told(self, *words: str) -> dict[str, Any]:
        """What a command that must succeed prints as JSON."""
        done = self.run(*words, "--json")
        assert done.exit_code == 0, done.exception or done.stdout
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

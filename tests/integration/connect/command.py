"""`octopus connect` as the process that a person starts at a terminal."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tenacity import retry, retry_if_result, stop_after_delay, wait_fixed

from tests.integration.globus.browser import code_from_page
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[3]
OCTOPUS = ROOT / ".venv" / "bin" / "octopus"

_AUTHORIZE = re.compile(r"https?://\S+/v2/oauth2/authorize\?\S+")
_CONFIRMATION = re.compile(r"Code for the next program that logs in: (\S+)")


class Connect:
    """One run of the command, whose outputs go to files of ``home``."""

    def __init__(
        self, home: Path, url: str, *options: str, environment: Mapping[str, str] | None = None
    ) -> None:
        self.home = home
        self.said = home / "stderr"
        self.exported = home / "stdout"
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "TMPDIR": str(home),
            **(environment or {}),
        }
        with self.said.open("wb") as errors, self.exported.open("wb") as output:
            self.process = subprocess.Popen(
                [OCTOPUS, "connect", url, *options],
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=errors,
            )

    def log_in(self, name: str) -> None:
        """Log in as this identity of the stand-in, as a person does who copies an address and a code."""
        address = self._await(_AUTHORIZE).group()
        assert self.process.stdin is not None
        self.process.stdin.write(f"{code_from_page(address, name)}\n".encode())
        self.process.stdin.close()

    def variables(self) -> dict[str, str]:
        """What it exported, once it serves."""
        self._await(_CONFIRMATION)
        lines = [shlex.split(line) for line in self.exported.read_text().splitlines()]
        assert {words[0] for words in lines} <= {"export", "unset"}, lines
        return dict(words[1].split("=", 1) for words in lines if words[0] == "export")

    def confirmation(self) -> str:
        """The code that it shows last."""
        self._await(_CONFIRMATION)
        codes: list[str] = _CONFIRMATION.findall(self.said.read_text())
        return codes[-1]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it by a signal; returns the exit status."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.process.send_signal(number)
        try:
            return self.process.wait(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def ended(self) -> tuple[int, str]:
        """Exit status and what it said, once it has ended by itself."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        status = self.process.wait(timeout=PATIENCE_S)
        return status, self.said.read_text().strip()

    def _await(self, pattern: re.Pattern[str]) -> re.Match[str]:
        @retry(
            retry=retry_if_result(lambda found: found is None),
            stop=stop_after_delay(PATIENCE_S),
            wait=wait_fixed(0.05),
        )
        def found() -> re.Match[str] | None:
            said = pattern.search(self.said.read_text())
            if said is None and self.process.poll() is not None:
                raise RuntimeError(f"it ended with {self.process.returncode}: {self.said.read_text()}")
            return said

        match = found()
        assert match is not None
        return match

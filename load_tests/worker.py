"""A client in a process of its own, driven round by round from here."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from types import TracebackType
from typing import Any

from load_tests.errors import BenchmarkError

_ROUND_SECONDS = 60
"""Beyond this a client is ended: no run hangs."""


class Worker:
    """Runs ``python -m load_tests.clients.<client>``; a context manager that ends it.

    The task goes in by standard input: it may hold a key, which no command line or environment should.
    """

    def __init__(self, client: str, task: dict[str, Any]) -> None:
        self._client = client
        self._process = subprocess.Popen(  # noqa: S603 - a module of this package
            [sys.executable, "-m", f"load_tests.clients.{client}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._send(json.dumps(task))

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def round(self) -> dict[str, float]:
        """Do the task once more.

        Returns:
            ``seconds``, ``cpu_seconds`` of the whole client process, and what the client adds.

        Raises:
            BenchmarkError: the client failed (it said why on standard error), or took over a minute.
        """
        overdue = threading.Timer(_ROUND_SECONDS, self._process.kill)
        overdue.start()
        try:
            self._send("go")
            assert self._process.stdout is not None  # noqa: S101 - it was asked for
            line = self._process.stdout.readline()
        finally:
            overdue.cancel()
        if not line:
            raise BenchmarkError(f"The {self._client} client ended in the middle of a round.")
        figures: dict[str, float] = json.loads(line)
        return figures

    def _send(self, line: str) -> None:
        assert self._process.stdin is not None  # noqa: S101 - it was asked for
        try:
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise BenchmarkError(f"The {self._client} client ended.") from error

"""Processes that the job starts: each in a session of its own, told only what another machine would be."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from octopus.demo.errors import DemoError

_STOP_S = 5


class Child:
    """One process, whose lines are JSON objects with an ``event``; a context manager that ends it.

    Args:
        module: what ``python -m`` runs.
        arguments: its options, by name without the dashes.
        environment: the whole of it.
        log: file for its error output.
    """

    def __init__(
        self, module: str, arguments: Mapping[str, object], *, environment: Mapping[str, str], log: Path
    ) -> None:
        self.name = module.rpartition(".")[2]
        self._log = log
        options = [word for name, value in arguments.items() for word in (f"--{name}", str(value))]
        with log.open("wb") as errors:
            self._process = subprocess.Popen(  # noqa: S603 - a module of this package
                [sys.executable, "-m", module, *options],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                # Ctrl-C is for the job, which ends its processes in order.
                start_new_session=True,
            )
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._reader.join()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def expect(self, event: str, *, seconds: float) -> dict[str, Any]:
        """The fields of the next ``event``.

        Raises:
            DemoError: the process ended before, or took longer.
        """
        until = time.monotonic() + seconds
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                raise DemoError(f"The {self.name} took over {seconds:.0f} s; see {self._log}") from None
            if line is None:
                raise DemoError(f"The {self.name} ended before it was {event}: {self._last_words()}")
            fields: dict[str, Any] = json.loads(line)
            if fields["event"] == event:
                return fields

    def check(self) -> None:
        """Make sure that it still runs, or ended well.

        Raises:
            DemoError: it failed.
        """
        if self._process.poll() not in (None, 0):
            raise DemoError(f"The {self.name} failed: {self._last_words()}")

    def terminate(self) -> None:
        """Ask it to end."""
        self._process.terminate()

    def wait(self, *, seconds: float) -> None:
        """Wait until it ended well.

        Raises:
            DemoError: it failed, or took longer.
        """
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise DemoError(f"The {self.name} took over {seconds:.0f} s to end; see {self._log}") from None
        self.check()

    def _read(self) -> None:
        for line in self._process.stdout or ():
            self._lines.put(line)
        self._lines.put(None)

    def _last_words(self) -> str:
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return "\n".join(lines[-5:]) or f"status {self._process.poll()}, and {self._log} is empty"

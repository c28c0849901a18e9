"""A client that runs in an environment of its own, and does what a test asks."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from tests.integration.clients.libraries import ROOT, Library
from tests.patience import PATIENCE_S

ANSWER_S = PATIENCE_S
"""Longest wait for a reply; clients give up on what they try before that."""

Record = tuple[int, int, str]
"""Partition, offset and value."""


class ClientError(Exception):
    """What the client raised.

    Attributes:
        name: as its library calls it.
    """

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{name}: {text}")
        self.name = name


class Program:
    """A client's process: at most one producer and one consumer at a time.

    Every method raises ClientError when the client does.
    """

    def __init__(self, library: Library, environment: Mapping[str, str], log: Path) -> None:
        assert library.installed.exists(), f"{library} is not installed: make clients"
        self.library = library
        self.log = log
        with log.open("ab") as written:
            self._process = subprocess.Popen(
                library.command,
                env={
                    "PATH": os.environ["PATH"],
                    "TMPDIR": str(log.parent),
                    **library.environment,
                    **environment,
                },
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=written,
                text=True,
            )
        self._replies: queue.Queue[str] = queue.Queue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    @property
    def runs(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    def open_producer(
        self, profile: str, transactional_id: str | None = None, *, patience_s: int = 30
    ) -> None:
        """An idempotent producer that signs with a profile, and gives up in time where it can be told to."""
        self.ask("open_producer", profile=profile, transactional_id=transactional_id, patience_s=patience_s)

    def send(self, topic: str, values: list[str]) -> None:
        """Send, and wait until all are acknowledged."""
        self.ask("send", topic=topic, values=values)

    def open_consumer(
        self, profile: str, topic: str, group: str, *, protocol: str = "classic", max_wait_ms: int = 500
    ) -> None:
        """A member of a group, from the beginning; it commits when it is told to."""
        self.ask(
            "open_consumer",
            profile=profile,
            topic=topic,
            group=group,
            protocol=protocol,
            max_wait_ms=max_wait_ms,
        )

    def poll(self, seconds: float = 0.5) -> list[Record]:
        """The records that come within so long; the first ones end the wait."""
        return [(partition, offset, value) for partition, offset, value in self.ask("poll", seconds=seconds)]

    def read(self, count: int, *, seconds: float = PATIENCE_S) -> list[Record]:
        """Poll until so many records have come."""
        records: list[Record] = []
        for _ in range(int(seconds / 0.5)):
            if len(records) >= count:
                return records
            records += self.poll(0.5)
        raise AssertionError(f"{self.library}: {len(records)} of {count} records within {seconds} s")

    def ask(self, operation: str, **parameters: Any) -> Any:
        """One request and its reply."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": operation, **parameters}) + "\n")
        self._process.stdin.flush()
        try:
            line = self._replies.get(timeout=ANSWER_S)
        except queue.Empty:
            self._process.kill()
            raise AssertionError(f"{self.library}: no answer to {operation} within {ANSWER_S} s") from None
        assert line, f"{self.library} ended: {self.log.read_text()}"
        reply = json.loads(line)
        if "error" in reply:
            raise ClientError(reply["error"], reply["text"])
        return reply.get("result")

    def close(self) -> None:
        """Close producer and consumer, as far as there are."""
        for what in ("producer", "consumer"):
            if not self.runs:
                return
            try:
                self.ask(f"close_{what}")
            except ClientError:
                # One that was refused need not be able to say goodbye.
                continue

    def connections(self, port: int) -> set[int]:
        """Own ports of the connections that it has to a port of this machine."""
        own = psutil.Process(self._process.pid).net_connections(kind="tcp")
        return {
            connection.laddr.port
            for connection in own
            if connection.raddr and connection.raddr.port == port and connection.status == "ESTABLISHED"
        }

    def stop(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as replies:
            for line in replies:
                self._replies.put(line)
        self._replies.put("")

"""What a client publishes and reads back while something is done to its sessions."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field

from tests.integration.clients.cluster import Person
from tests.integration.clients.program import Program, Record

BATCH = 10


@dataclass
class Flow:
    """One client that writes to its topic and reads it at the same time."""

    program: Program
    person: Person
    topic: str
    sent: int = 0
    records: list[Record] = field(default_factory=list)

    def open(self) -> None:
        """Connect, and see the first records."""
        self.program.open_producer(self.person.profile)
        self.program.open_consumer(self.person.profile, self.topic, self.person.name("flow"))
        self._send()
        self._read_to_the_end()

    def run(self, *, until: float) -> None:
        """Go on until a moment of ``time.monotonic()``; what was sent last has been read then."""
        while time.monotonic() < until:
            self._send()
            self.records += self.program.poll(0.2)
            # Sessions end by the clock: more records would show no more, and take more of the machine.
            time.sleep(0.3)
        self._read_to_the_end()

    def check(self) -> int:
        """Assert that nothing is lost, written twice or out of order; returns how often a record came again.

        Every producer here is idempotent, so the log has no duplicates. A consumer that lost its connection
        may read again what it had not committed.
        """
        by_partition: dict[int, dict[int, int]] = defaultdict(dict)
        for partition, offset, value in self.records:
            assert by_partition[partition].setdefault(offset, int(value)) == int(value)
        for log in by_partition.values():
            assert sorted(log) == list(range(len(log)))
            values = [log[offset] for offset in sorted(log)]
            assert values == sorted(set(values)), self.program.library
        seen = [value for log in by_partition.values() for value in log.values()]
        assert sorted(seen) == list(range(self.sent)), self.program.library
        return len(self.records) - self.sent

    def _send(self) -> None:
        self.program.send(self.topic, [str(number) for number in range(self.sent, self.sent + BATCH)])
        self.sent += BATCH

    def _read_to_the_end(self) -> None:
        missing = self.sent - len({(partition, offset) for partition, offset, _ in self.records})
        self.records += self.program.read(missing)

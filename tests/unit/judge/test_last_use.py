"""Last uses: written seldom, together, and never in anybody's way."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import cast

from octopus.judge.errors import SourceUnavailableError
from octopus.judge.last_use import WRITTEN_EVERY, LastUse
from octopus.judge.store import CredentialsTable, Use
from tests.patience import PATIENCE_S
from tests.unit.judge.world import record


class Table:
    """Takes writes, or not."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.away = False
        self.written: list[tuple[str, datetime]] = []
        self.watched: list[float] = []
        self.together: threading.Barrier | None = None

    def write_last_use(self, access_key_id: str, use: Use) -> None:
        if self.together is not None:
            self.together.wait(PATIENCE_S)
        if self.away:
            raise SourceUnavailableError("credentials table: away")
        self.written.append((access_key_id, use.at))

    def write_watch(self, now: datetime) -> None:
        self.watched.append(now.timestamp())


def test_use_is_written_once_in_five_minutes_and_kept_while_the_table_is_away() -> None:
    table = Table()

    async def scenario(executor: ThreadPoolExecutor) -> None:
        uses = LastUse(
            cast(CredentialsTable, table),
            executor=executor,
            clock=lambda: table.now,
            monotonic=lambda: table.now,
        )
        uses.note(record(access_key_id="AKIA1"))
        assert table.written == [], "noting writes nothing"
        table.now += 1
        uses.note(record(access_key_id="AKIA1"))
        uses.note(record(access_key_id="AKIA2"))
        table.away = True
        await uses.write()
        table.away = False
        await uses.write()
        assert table.written == [("AKIA1", at(1001)), ("AKIA2", at(1001))]

        uses.note(record(access_key_id="AKIA1"))
        table.now += WRITTEN_EVERY - 1
        uses.note(record(access_key_id="AKIA1"))
        await uses.write()
        assert len(table.written) == 2
        table.now += 1
        uses.note(record(access_key_id="AKIA1"))
        await uses.write()
        assert table.written[2:] == [("AKIA1", at(table.now))]

    with ThreadPoolExecutor(1) as executor:
        asyncio.run(scenario(executor))


def test_watch_is_noted_every_five_minutes_and_only_when_no_use_is_missing() -> None:
    table = Table()

    async def scenario(executor: ThreadPoolExecutor) -> None:
        uses = LastUse(
            cast(CredentialsTable, table),
            executor=executor,
            clock=lambda: table.now,
            monotonic=lambda: table.now,
        )
        await uses.write()
        table.now += WRITTEN_EVERY - 1
        await uses.write()
        assert table.watched == [1000.0]
        table.now += 1
        table.away = True
        uses.note(record(access_key_id="AKIA1"))
        await uses.write()
        assert table.watched == [1000.0]
        table.away = False
        await uses.write()
        assert table.watched == [1000.0, 1000.0 + WRITTEN_EVERY]

    with ThreadPoolExecutor(1) as executor:
        asyncio.run(scenario(executor))


def test_many_uses_are_written_a_few_at_a_time() -> None:
    table = Table()
    table.together = threading.Barrier(2)

    async def scenario(executor: ThreadPoolExecutor) -> None:
        uses = LastUse(cast(CredentialsTable, table), executor=executor, clock=lambda: table.now)
        for number in range(10):
            uses.note(record(access_key_id=f"AKIA{number}"))
        await uses.write()

    with ThreadPoolExecutor(10) as executor:
        asyncio.run(scenario(executor))
    assert {access_key_id for access_key_id, _ in table.written} == {f"AKIA{number}" for number in range(10)}


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)

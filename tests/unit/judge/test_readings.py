"""Ages, flights and limits of readings, by a clock of the test's own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from octopus.judge import readings
from octopus.judge.errors import SourceUnavailableError
from octopus.judge.readings import Lifetime, Reading, Readings
from tests.patience import PATIENCE_S


class Source:
    """Counts its readings, can be held up and can fail."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.count = 0
        self.failure: Exception | None = None
        self.failures_told = 0
        self.go = threading.Event()
        self.go.set()
        self.begun = threading.Event()

    def read(self, key: str, previous: str | None) -> str:
        self.count += 1
        self.begun.set()
        assert self.go.wait(PATIENCE_S)
        if self.failure is not None:
            raise self.failure
        return f"{key}{self.count}" + (f" after {previous}" if previous else "")

    def count_failure(self) -> None:
        self.failures_told += 1

    def clock(self) -> float:
        return self.now


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def held(source: Source) -> Iterator[Callable[[], Readings[str, str]]]:
    """Made within the test's event loop."""
    with ThreadPoolExecutor(4) as executor:
        yield lambda: Readings(
            "names",
            source.read,
            lifetime=lambda _key, _value: Lifetime(fresh=20, renew=10, idle=60, confirmable=True),
            executor=executor,
            failed=source.count_failure,
            clock=source.clock,
        )


Make = Callable[[], Readings[str, str]]


def test_reading_serves_for_its_life_and_is_read_again_after_it(source: Source, held: Make) -> None:
    async def scenario() -> None:
        names = held()
        assert names.held("a") is None
        assert (await names.get("a")).value == "a1"
        source.now += 20
        assert (await names.get("a")).began == 1000
        source.now += 0.1
        assert names.held("a") is None
        assert (await names.get("a")).value == "a2 after a1"

    asyncio.run(scenario())


def test_many_who_ask_at_once_cause_one_reading(source: Source, held: Make) -> None:
    async def scenario() -> None:
        names = held()
        found = await asyncio.gather(*(names.get("a") for _ in range(50)))
        assert {reading.value for reading in found} == {"a1"}

    asyncio.run(scenario())
    assert source.count == 1


def test_change_during_a_reading_makes_it_worthless(source: Source, held: Make) -> None:
    async def scenario() -> None:
        names = held()
        source.go.clear()
        asking = asyncio.create_task(names.get("a"))
        await asyncio.to_thread(source.begun.wait, 10)
        source.now += 1
        names.expire(lambda _key, _value: False)
        source.go.set()
        assert (await asking).began == 1001

    asyncio.run(scenario())
    assert source.count == 2


def test_change_concerns_only_what_it_names(source: Source, held: Make) -> None:
    async def scenario() -> None:
        names = held()
        await names.get("a")
        await names.get("b")
        source.now += 1
        names.expire(lambda key, value: (key, value) == ("a", "a1"))
        assert names.held("a") is None
        assert names.held("b") is not None

    asyncio.run(scenario())


def test_failed_source_is_no_answer_and_its_last_one_is_not_used(source: Source, held: Make) -> None:
    async def scenario() -> None:
        names = held()
        await names.get("a")
        source.failure = SourceUnavailableError("away")
        source.now += 21
        with pytest.raises(SourceUnavailableError, match="away"):
            await names.get("a")
        with pytest.raises(SourceUnavailableError, match="away"):
            await names.get("a")
        assert source.count == 2, "who failed is left alone for a moment"
        assert source.failures_told == 1
        source.failure = None
        source.now += readings.REMEMBERED_FAILURE
        assert (await names.get("a")).value == "a3 after a1"

    asyncio.run(scenario())


def test_failed_renewal_does_not_shorten_the_life_of_the_last_reading(source: Source, held: Make) -> None:
    async def scenario() -> None:
        names = held()
        await names.get("a")
        source.failure = SourceUnavailableError("away")
        source.now += 11
        names.renew()
        await until(lambda: source.count == 2)
        assert (await names.get("a")).began == 1000

    asyncio.run(scenario())


def test_answer_that_is_not_understood_is_no_answer(source: Source, held: Make) -> None:
    async def scenario() -> None:
        source.failure = KeyError("x")
        with pytest.raises(SourceUnavailableError, match="not understood"):
            await held().get("a")

    asyncio.run(scenario())


def test_who_stops_waiting_does_not_stop_the_reading(source: Source, held: Make) -> None:
    async def scenario() -> None:
        names = held()
        source.go.clear()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await names.get("a")
        source.go.set()
        await until(lambda: names.held("a") is not None)

    asyncio.run(scenario())
    assert source.count == 1


def test_renewal_reads_ahead_what_is_in_use_and_forgets_the_rest(source: Source, held: Make) -> None:
    async def scenario() -> None:
        names = held()
        await names.get("a")
        source.now += 9
        names.renew()
        await asyncio.sleep(0)
        assert source.count == 1
        source.now += 2
        names.renew()
        await until(lambda: source.count == 2)
        await until(lambda: names.held("a") == Reading("a2 after a1", 1011))
        source.now += 61
        names.renew()
        await asyncio.sleep(0)
        assert source.count == 2
        assert names.held("a") is None

    asyncio.run(scenario())


def test_one_too_many_is_refused_and_nothing_held_is_pushed_out(
    held: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readings, "MOST_HELD", 2)

    async def scenario() -> None:
        names = held()
        await names.get("a")
        await names.get("b")
        with pytest.raises(SourceUnavailableError, match="too many are held"):
            await names.get("c")
        assert names.held("a") is not None
        assert names.held("b") is not None

    asyncio.run(scenario())


def test_one_too_many_pushes_out_what_was_asked_for_longest_ago_where_that_is_wanted(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readings, "MOST_HELD", 2)

    async def scenario(executor: ThreadPoolExecutor) -> None:
        forever = Lifetime(fresh=1e9, renew=1e9, idle=1e9)
        names = Readings(
            "names",
            source.read,
            lifetime=lambda _key, _value: forever,
            executor=executor,
            failed=source.count_failure,
            evicts=True,
            clock=source.clock,
        )
        await names.get("a")
        await names.get("b")
        assert names.held("a") is not None
        assert (await names.get("c")).value == "c3"
        assert "b" not in names
        assert names.held("a") is not None

    with ThreadPoolExecutor(1) as executor:
        asyncio.run(scenario(executor))


def test_one_flight_too_many_is_refused_at_once(
    source: Source, held: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readings, "MOST_FLIGHTS", 1)

    async def scenario() -> None:
        names = held()
        source.go.clear()
        asking = asyncio.create_task(names.get("a"))
        await asyncio.to_thread(source.begun.wait, 10)
        with pytest.raises(SourceUnavailableError, match="too many are being read"):
            await names.get("b")
        source.go.set()
        assert (await asking).value == "a1"
        # What was refused is not held either.
        source.now += 1
        names.renew()
        assert (await names.get("b")).value == "b2"

    asyncio.run(scenario())


def test_confirmed_reading_is_as_young_as_its_confirmation(source: Source, held: Make) -> None:
    async def scenario() -> None:
        names = held()
        await names.get("a")
        source.now += 500
        assert names.held("a") is None
        names.confirm(since=1000, at=1490)
        assert names.held("a") == Reading("a1", 1490)
        source.now += 11
        assert names.held("a") is None

    asyncio.run(scenario())


def test_confirmation_helps_nothing_that_was_read_before_a_break_or_has_changed(
    source: Source, held: Make
) -> None:
    async def scenario() -> None:
        names = held()
        await names.get("a")
        source.now += 19
        await names.get("b")
        names.confirm(since=1001, at=1019)
        source.now += 2
        assert names.held("a") is None
        names.expire(lambda key, _value: key == "b")
        names.confirm(since=1001, at=1020.5)
        assert names.held("b") is None

    asyncio.run(scenario())


def test_offered_value_is_held_unless_something_younger_is(source: Source, held: Make) -> None:
    async def scenario() -> None:
        names = held()
        names.offer("a", "listed", 995)
        assert names.held("a") == Reading("listed", 995)
        names.offer("a", "older", 990)
        assert names.held("a") == Reading("listed", 995)
        source.now += 1
        names.expire(lambda _key, _value: True)
        names.offer("a", "from before the change", 1000.5)
        assert names.held("a") is None
        names.offer("a", "from after it", 1001)
        assert names.held("a") == Reading("from after it", 1001)

    asyncio.run(scenario())
    assert source.count == 0


def test_slow_reading_does_not_replace_a_younger_one(source: Source, held: Make) -> None:
    async def scenario() -> None:
        names = held()
        source.go.clear()
        asking = asyncio.create_task(names.get("a"))
        await asyncio.to_thread(source.begun.wait, 10)
        source.now += 1
        names.offer("a", "listed", 1001)
        source.go.set()
        assert await asking == Reading("listed", 1001)

    asyncio.run(scenario())


def test_equal_value_stays_the_same_object(held: Make) -> None:
    async def scenario() -> None:
        names = held()
        first, second = "same"[:], "".join(["sa", "me"])
        assert first is not second
        names.offer("a", first, 995)
        names.offer("a", second, 996)
        reading = names.held("a")
        assert reading is not None
        assert reading.value is first
        assert reading.began == 996
        assert names.in_use() == {"a": "same"}

    asyncio.run(scenario())


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)

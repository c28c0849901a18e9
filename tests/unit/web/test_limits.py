"""So many requests a second, and no more, whoever else asks."""

from __future__ import annotations

import pytest

from octopus.errors import OverLimitError
from octopus.quotas.models import Limit
from octopus.web.limits import RequestRates


class OneLimit:
    """Quotas that know one limit for everybody."""

    def __init__(self, limit: int) -> None:
        self.value = limit
        self.asked = 0

    def limit(self, _subject: str, limit: Limit) -> int:
        assert limit is Limit.REQUESTS
        self.asked += 1
        return self.value


class Clock:
    """Time as the library of limits sees it."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("limits.storage.memory.time", clock)
    monkeypatch.setattr("octopus.rates.time", clock)
    return clock


def through(rates: RequestRates, subject: str, requests: int) -> int:
    done = 0
    for _ in range(requests):
        try:
            rates.require(subject)
        except OverLimitError:
            continue
        done += 1
    return done


def rates(limit: int, *, replicas: int = 1) -> RequestRates:
    return RequestRates(OneLimit(limit), replicas=replicas)  # type: ignore[arg-type]  # all that is asked


def test_as_many_as_the_limit_come_through_in_a_second(clock: Clock) -> None:
    held = rates(3)

    assert through(held, "somebody", 5) == 3
    clock.now += 1.1
    assert through(held, "somebody", 5) == 3


def test_nobody_is_held_up_by_somebody_else(clock: Clock) -> None:
    held = rates(3)
    through(held, "somebody", 5)

    assert through(held, "another", 3) == 3


def test_replicas_let_the_limit_through_together(clock: Clock) -> None:
    replicas = [rates(3, replicas=2) for _ in range(2)]

    came_through = 0
    for _ in range(5):
        came_through += sum(through(held, "somebody", 9) for held in replicas)
        clock.now += 2.001

    assert came_through == 3 * 2 * 5


def test_refusal_says_when_to_ask_again(clock: Clock) -> None:
    held = rates(2, replicas=4)
    through(held, "somebody", 2)
    clock.now += 1

    with pytest.raises(OverLimitError, match="at most 2 a second") as over:
        held.require("somebody")

    assert over.value.retry_after_s == 3


def test_no_limit_is_no_limit(clock: Clock) -> None:
    assert through(rates(0), "somebody", 500) == 500


def test_registry_is_not_asked_with_each_request(clock: Clock) -> None:
    quotas = OneLimit(100)
    held = RequestRates(quotas, replicas=1)  # type: ignore[arg-type]  # all that is asked

    through(held, "somebody", 50)

    assert quotas.asked == 1

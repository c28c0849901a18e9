"""Jobs in the background: at once, again and again, by one replica at a time."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from structlog.testing import CapturingLogger

from octopus.errors import UnavailableError
from octopus.jobs import Job
from octopus.metrics.instruments import Instruments
from octopus.registry.leases import Leases
from octopus.web.background import Background
from tests import shown_metrics

PATIENCE_S = 30


@pytest.fixture
def leases(database: Any, table: str) -> Leases:
    return Leases(database, table)


@pytest.fixture
def instruments() -> Instruments:
    return Instruments("service")


def test_each_job_is_done_at_once_and_again(leases: Leases, instruments: Instruments) -> None:
    often, seldom = threading.Semaphore(0), threading.Semaphore(0)

    jobs = [Job("often", 0.01, lambda: often.release()), Job("seldom", 3600, lambda: seldom.release())]
    with Background(leases, jobs, instruments):
        for _ in range(3):
            assert often.acquire(timeout=PATIENCE_S)
        assert seldom.acquire(timeout=PATIENCE_S)

    assert not seldom.acquire(blocking=False), "a job was done before its interval was over"


@pytest.mark.parametrize(
    ("error", "logged", "counted"),
    [
        (RuntimeError("broken"), "job.failed", "JobsFailed"),
        (UnavailableError("Kafka does not answer"), "job.postponed", "JobsPostponed"),
        (EndpointConnectionError(endpoint_url="http://iam"), "job.postponed", "JobsPostponed"),
    ],
)
def test_job_that_fails_is_logged_and_tried_again_and_stops_no_other(
    leases: Leases,
    instruments: Instruments,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    logged: str,
    counted: str,
) -> None:
    log = CapturingLogger()
    monkeypatch.setattr("octopus.web.background._log", log)
    failures, others = threading.Semaphore(0), threading.Semaphore(0)

    def fails() -> None:
        failures.release()
        raise error

    with Background(leases, [Job("fails", 0.01, fails), Job("other", 0.01, others.release)], instruments):
        for _ in range(2):
            assert failures.acquire(timeout=PATIENCE_S)
            assert others.acquire(timeout=PATIENCE_S)

    assert (logged,) in [call.args for call in log.calls]
    failed = {name: shown_metrics.values(instruments)[name] for name in ("JobsFailed", "JobsPostponed")}
    assert failed[counted] >= 2
    assert sum(failed.values()) == failed[counted]


def test_job_that_another_replica_is_at_is_left_to_it(leases: Leases, instruments: Instruments) -> None:
    done: list[str] = []
    others = threading.Semaphore(0)

    with (
        leases.hold("job shared"),
        Background(
            leases,
            [Job("shared", 0.01, lambda: done.append("twice")), Job("own", 0.01, others.release)],
            instruments,
        ),
    ):
        for _ in range(3):
            assert others.acquire(timeout=PATIENCE_S)

    assert done == []


def test_job_with_nothing_to_do_takes_no_turn(
    leases: Leases, instruments: Instruments, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold, turns = Leases.hold, []

    def counted(self: Leases, name: str, **arguments: Any) -> Any:
        turns.append(name)
        return hold(self, name, **arguments)

    monkeypatch.setattr(Leases, "hold", counted)
    asked, done = threading.Semaphore(0), threading.Event()
    answers = iter([False, False, True])

    def due() -> bool:
        asked.release()
        return next(answers, False)

    with Background(leases, [Job("seldom due", 0.01, done.set, due)], instruments):
        for _ in range(4):
            assert asked.acquire(timeout=PATIENCE_S)

    assert done.is_set()
    assert turns == ["job seldom due"]


def test_registry_that_is_away_ends_no_job_for_ever(
    leases: Leases, instruments: Instruments, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = threading.Event()
    hold = Leases.hold
    failures = iter([EndpointConnectionError(endpoint_url="http://registry")] * 2)

    def failing(self: Leases, name: str, **arguments: Any) -> Any:
        for failure in failures:
            raise failure
        return hold(self, name, **arguments)

    monkeypatch.setattr(Leases, "hold", failing)

    with Background(leases, [Job("any", 0.01, done.set)], instruments):
        assert done.wait(PATIENCE_S)

    assert shown_metrics.values(instruments)["JobsPostponed"] == 2


def test_job_that_takes_long_holds_up_no_other(leases: Leases, instruments: Instruments) -> None:
    over, others = threading.Event(), threading.Semaphore(0)

    with Background(leases, [Job("long", 0.01, over.wait), Job("other", 0.01, others.release)], instruments):
        for _ in range(3):
            assert others.acquire(timeout=PATIENCE_S)
        over.set()


def test_stop_ends_the_threads(leases: Leases, instruments: Instruments) -> None:
    with Background(leases, [Job("any", 0.01, lambda: None)], instruments):
        assert any(thread.name.startswith("background") for thread in threading.enumerate())

    assert not any(thread.name.startswith("background") for thread in threading.enumerate())

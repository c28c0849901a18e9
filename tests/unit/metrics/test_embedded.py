"""Log lines of which CloudWatch makes metrics."""

from __future__ import annotations

import errno
import json
import threading
from collections import Counter

import pytest

from octopus.metrics.embedded import MOST_VALUES, EmbeddedMetrics, written
from octopus.metrics.instruments import BOUNDS_S, Instruments
from tests.embedded_format import metrics_of
from tests.patience import PATIENCE_S

NOW = 1795370138.046


@pytest.fixture
def instruments() -> Instruments:
    return Instruments("service")


@pytest.fixture
def embedded(instruments: Instruments) -> EmbeddedMetrics:
    return EmbeddedMetrics(instruments, institution="lab", clock=lambda: NOW)


def line_of(embedded: EmbeddedMetrics) -> str:
    lines: list[str] = []
    embedded.say(lines.append)
    (line,) = lines
    assert line.endswith("}\n")
    assert line.count("\n") == 1
    return line


def said(embedded: EmbeddedMetrics) -> dict[str, float | list[float]]:
    return metrics_of(line_of(embedded), namespace="Octopus/lab")


def test_line_says_what_happened_since_the_one_before(
    instruments: Instruments, embedded: EmbeddedMetrics
) -> None:
    for seconds in (0.004, 0.004, 0.3):
        instruments.count("Requests")
        instruments.time("RequestSeconds", seconds)
    first = said(embedded)
    instruments.count("Requests")
    instruments.time("RequestSeconds", 3)
    second = said(embedded)

    assert first == {"Requests": 3, "RequestSeconds": [0.005, 0.005, 0.5], "AuditWaitingSeconds": 0}
    assert second == {"Requests": 1, "RequestSeconds": [5], "AuditWaitingSeconds": 0}


def test_line_has_the_moment_the_units_and_whose_it_is(embedded: EmbeddedMetrics) -> None:
    document = json.loads(line_of(embedded))

    assert document["_aws"]["Timestamp"] == 1795370138046
    (directive,) = document["_aws"]["CloudWatchMetrics"]
    assert directive["Metrics"] == [{"Name": "AuditWaitingSeconds", "Unit": "Seconds"}]
    assert (document["process"], document["event"]) == ("service", "metrics")


def test_gauge_is_said_each_time_whether_or_not_it_changed(
    instruments: Instruments, embedded: EmbeddedMetrics
) -> None:
    instruments.follow("AuditWaitingSeconds", lambda: 12.5)

    assert [said(embedded) for _ in range(2)] == [{"AuditWaitingSeconds": 12.5}] * 2


def test_nothing_to_say_is_no_line() -> None:
    # Of the components whose metrics are only counted.
    lines: list[str] = []
    EmbeddedMetrics(Instruments("authorizer"), institution="lab").say(lines.append)
    assert lines == []


@pytest.mark.parametrize(
    ("happened", "expected"),
    [
        ({0.1: 100}, {0.1: 100}),
        ({0.1: 50, 0.5: 50}, {0.1: 50, 0.5: 50}),
        ({0.1: 101}, {0.1: 100}),
        ({0.1: 9_900, 5: 100}, {0.1: 99, 5: 1}),
        ({0.01: 333, 0.1: 333, 1: 334}, {0.01: 33, 0.1: 33, 1: 34}),
        ({0.01: 19_999, 60: 1}, {0.01: 100}),
    ],
)
def test_times_are_at_most_a_hundred_in_their_proportions(
    instruments: Instruments,
    embedded: EmbeddedMetrics,
    happened: dict[float, int],
    expected: dict[float, int],
) -> None:
    for seconds, times in happened.items():
        for _ in range(times):
            instruments.time("RequestSeconds", seconds)

    values = said(embedded)["RequestSeconds"]

    assert isinstance(values, list)
    assert len(values) == min(MOST_VALUES, sum(happened.values()))
    assert Counter(values) == expected
    assert set(values) <= set(BOUNDS_S)


def test_lines_come_at_the_interval_and_one_more_at_the_end(
    instruments: Instruments, embedded: EmbeddedMetrics
) -> None:
    lines: list[str] = []
    two = threading.Event()

    def write(line: str) -> None:
        lines.append(line)
        instruments.count("KeysIssued")
        if len(lines) == 2:
            two.set()

    with written(embedded, write, every_s=0.01):
        assert two.wait(PATIENCE_S)

    assert not [thread for thread in threading.enumerate() if thread.name == "metrics"]
    assert len(lines) >= 3
    assert all(line.endswith("}\n") for line in lines)
    # One was counted behind each line, so each but the first says so, and the last to be written as well.
    assert [metrics_of(line, namespace="Octopus/lab").get("KeysIssued") for line in lines] == [
        None,
        *[1] * (len(lines) - 1),
    ]


def test_short_life_is_said_at_its_end(instruments: Instruments, embedded: EmbeddedMetrics) -> None:
    lines: list[str] = []
    with written(embedded, lines.append):
        instruments.count("Requests")

    (line,) = lines
    assert metrics_of(line, namespace="Octopus/lab")["Requests"] == 1


def test_line_that_could_not_be_written_is_said_with_the_next(
    instruments: Instruments, embedded: EmbeddedMetrics
) -> None:
    def full(_line: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    instruments.count("RequestsFailed")
    instruments.time("RequestSeconds", 0.3)
    with pytest.raises(OSError, match="No space"):
        embedded.say(full)
    instruments.count("RequestsFailed")

    assert said(embedded) == {"RequestsFailed": 2, "RequestSeconds": [0.5], "AuditWaitingSeconds": 0}


@pytest.mark.parametrize("breaks", ["gauge", "write"])
def test_lines_go_on_after_one_that_could_not_be_made_or_written(
    instruments: Instruments, embedded: EmbeddedMetrics, breaks: str
) -> None:
    lines: list[str] = []
    more = threading.Event()
    faults = iter([True])

    def once(where: str) -> None:
        if where == breaks and next(faults, False):
            raise RuntimeError(where)

    def age() -> float:
        once("gauge")
        return 1.5

    def write(line: str) -> None:
        once("write")
        lines.append(line)
        more.set()

    instruments.follow("AuditWaitingSeconds", age)
    instruments.count("JobsFailed")
    with written(embedded, write, every_s=0.01):
        assert more.wait(PATIENCE_S)

    assert next(faults, None) is None
    assert metrics_of(lines[0], namespace="Octopus/lab") == {"JobsFailed": 1, "AuditWaitingSeconds": 1.5}

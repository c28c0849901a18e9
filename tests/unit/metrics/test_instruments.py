"""What a process counts, by the catalogue's names alone."""

from __future__ import annotations

import threading

import pytest
from prometheus_client import generate_latest

from octopus.metrics.catalogue import catalogue
from octopus.metrics.instruments import Instruments
from tests.shown_metrics import values


@pytest.mark.parametrize("component", ["service", "judge"])
def test_instruments_are_those_that_the_catalogue_lists_as_observed(component: str) -> None:
    listed = [
        name
        for name, metric in catalogue().items()
        if metric.component == component and metric.through == "observed"
    ]

    assert listed
    assert values(Instruments(component)) == dict.fromkeys(listed, 0)


@pytest.mark.parametrize("name", ["TokensTaken", "KafkaAnswers", "requests", "AuditWaitingSeconds"])
def test_what_the_component_does_not_count_is_refused(name: str) -> None:
    with pytest.raises(KeyError):
        Instruments("service").count(name)


def test_counts_of_many_threads_are_all_counted() -> None:
    instruments = Instruments("service")

    def count() -> None:
        for _ in range(1000):
            instruments.count("Requests")
            instruments.time("RequestSeconds", 0.01)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert values(instruments)["Requests"] == 4000
    assert values(instruments)["RequestSeconds"] == 4000


def test_gauge_shows_what_is_there_when_it_is_read() -> None:
    instruments, held = Instruments("judge"), [1]
    instruments.follow("PrincipalsHeld", lambda: len(held))

    before = values(instruments)["PrincipalsHeld"]
    held.append(2)

    assert (before, values(instruments)["PrincipalsHeld"]) == (1, 2)


def test_what_takes_longer_than_any_bucket_is_in_the_last() -> None:
    instruments = Instruments("service")
    for seconds in (0.0005, 0.02, 900):
        instruments.time("RequestSeconds", seconds)

    (reading,) = (each for each in instruments.read() if each.metric.name == "RequestSeconds")

    assert reading.value == 3
    assert reading.buckets == (1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)


def test_no_line_for_prometheus_carries_a_label_but_of_buckets() -> None:
    for component in ("service", "judge"):
        lines = generate_latest(Instruments(component).registry).decode().splitlines()
        labelled = [line for line in lines if "{" in line and not line.startswith("#")]
        assert labelled
        assert all("_seconds_bucket{le=" in line and line.count("=") == 1 for line in labelled)

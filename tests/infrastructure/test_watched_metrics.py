"""Alarms and dashboard look at nothing that nobody writes."""

from __future__ import annotations

import json

import pytest

from octopus.metrics.catalogue import catalogue, namespace
from stacks.monitoring import own, rules
from stacks.settings import Settings
from tests.infrastructure import watched
from tests.infrastructure.conftest import CAMPUS
from tests.infrastructure.synthesis import FILES, Made


@pytest.fixture(params=FILES)
def made(request: pytest.FixtureRequest, institutions: list[Made]) -> Made:
    """Each institution's in turn."""
    return next(each for each in institutions if each.name == request.param)


def named(institutions: list[Made], name: str) -> Made:
    return next(each for each in institutions if each.name == name)


def test_every_metric_is_one_that_something_writes(made: Made) -> None:
    ours, settings = namespace(made.settings.institution), made.settings
    looked_at = watched.everything(made)
    assert {each.namespace for each in looked_at} > {ours, "AWS/ApiGateway", "AWS/DynamoDB"}
    nobody = [
        each
        for each in looked_at
        if not (
            (each.name in own.emitted(settings) and each.dimensions == {})
            if each.namespace == ours
            else watched.emitted_by_aws(each, settings)
        )
    ]
    assert nobody == []


def test_every_name_in_a_metric_is_that_of_something_in_the_stacks(made: Made) -> None:
    for each in watched.everything(made):
        for entry in watched.emitted_by_aws(each, made.settings):
            assert set(entry.get("of", [])) <= watched.types_named(made, each), each


def test_no_alarm_without_tasks_stands_on_what_is_only_in_their_log(made: Made) -> None:
    """What runs elsewhere writes its metrics, or they are Prometheus'; the authorizer is in AWS always."""
    if made.settings.in_fargate:
        return
    ours = [
        catalogue()[each.name]
        for name, alarm in watched.alarms(made).items()
        for each in watched.of_alarm(made, name, alarm)
        if each.name in catalogue()
    ]
    assert ours
    assert {metric.component for metric in ours if metric.through != "put"} <= {"authorizer"}


def test_globus_is_watched_wherever_the_authorizer_asks_it() -> None:
    of_ones_own = Settings.from_context({**CAMPUS, "alarms": "full"})
    assert rules.BY_ID["globus-away"].holds(of_ones_own)
    assert "TokensUnchecked" in own.emitted(of_ones_own)


def test_every_metric_that_an_alarm_stands_on_is_drawn(made: Made) -> None:
    drawn = {(each.namespace, each.name) for each in watched.of_dashboard(watched.dashboard(made))}
    alarming = {
        (each.namespace, each.name)
        for name, alarm in watched.alarms(made).items()
        for each in watched.of_alarm(made, name, alarm)
    }
    assert alarming <= drawn


def test_without_msk_there_is_no_metric_of_it_and_no_maths(institutions: list[Made]) -> None:
    made = named(institutions, "external-kafka")
    assert "AWS/Kafka" not in json.dumps(made.templates["monitoring"])
    assert all("Metrics" not in alarm for alarm in watched.alarms(made).values())


def test_every_metric_of_ours_that_is_written_by_its_api_is_looked_at(institutions: list[Made]) -> None:
    looked_at = {each.name for made in institutions for each in watched.everything(made)}
    assert {name for name, metric in catalogue().items() if metric.through == "put"} <= looked_at
    assert {name for name, metric in catalogue().items() if metric.component == "authorizer"} <= looked_at

"""Whom the function tells what it found."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError

from lambda_src.heartbeat import handler as heartbeat
from lambda_src.heartbeat.handler import Found, handler, tell
from octopus.metrics.catalogue import catalogue
from octopus.metrics.catalogue import namespace as namespace_of
from octopus.status.models import Part
from octopus.status.store import StatusStore
from tests.ports import free_port
from tests.unit.heartbeat_over_https.gateway import NOW, Reply, topic_of


def test_metrics_and_their_units_are_those_of_the_catalogue() -> None:
    known = catalogue()
    assert {name: known[name].unit for name in heartbeat.UNITS} == heartbeat.UNITS
    assert {known[name].component for name in heartbeat.UNITS} == {"heartbeat"}
    every = Found(answers=True, seconds=1, age_s=1, certificate_days=1)
    assert every.metrics().keys() == heartbeat.UNITS.keys()


@pytest.mark.parametrize("first", ["function", "process"])
def test_function_and_process_write_the_same_row(database: Any, table: str, first: str) -> None:
    """Whoever told first, the other goes on with what he said."""
    moments = iter([NOW, NOW + 60, NOW + 120, NOW + 180])
    clock = [0.0]
    store = StatusStore(database, table, clock=lambda: clock[0])
    by_function = first == "function"
    for works in (True, True, False, False):
        clock[0] = next(moments)
        if by_function:
            tell(database, table, works=works, now=clock[0])
        else:
            store.tell(Part.HTTPS, works=works)
        by_function = not by_function
        if works is False:
            continue
        (standing,) = store.read()
        assert (standing.part, standing.works) == (Part.HTTPS, True)
        assert standing.since.timestamp() == NOW
        assert standing.checked == standing.worked
        assert standing.checked.timestamp() == clock[0]

    (standing,) = store.read()
    assert standing.works is False
    assert [each.timestamp() for each in (standing.since, standing.checked)] == [NOW + 120, NOW + 180]
    assert standing.worked is not None
    assert standing.worked.timestamp() == NOW + 60


@pytest.fixture
def told(
    cloud: boto3.Session,
    table: str,
    certificates: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[str], None]]:
    """Runs the function as it is installed, at an address."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("OCTOPUS_INSTITUTION", "lab")
    monkeypatch.setenv("OCTOPUS_REGISTRY_TABLE", table)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "ca.pem"))

    def run(url: str) -> None:
        monkeypatch.setenv("OCTOPUS_PUBLIC_URL", url)
        handler({}, None)

    heartbeat._client.cache_clear()
    yield run
    heartbeat._client.cache_clear()


def test_each_minute_cloudwatch_and_the_registry_are_told(
    told: Callable[[str], None],
    address: Callable[[Reply], str],
    cloud: boto3.Session,
    database: Any,
    table: str,
) -> None:
    began = time.time()
    told(address(topic_of(int(began * 1000) - 5_000)))

    cloudwatch = cloud.client("cloudwatch")
    listed = cloudwatch.list_metrics(Namespace=namespace_of("lab"))["Metrics"]
    assert {each["MetricName"] for each in listed} == heartbeat.UNITS.keys()
    (age,) = cloudwatch.get_metric_statistics(
        Namespace=namespace_of("lab"),
        MetricName="FreshnessSeconds",
        StartTime=datetime.fromtimestamp(began - 60),
        EndTime=datetime.fromtimestamp(began + 60),
        Period=120,
        Statistics=["Maximum"],
    )["Datapoints"]
    assert 5 <= age["Maximum"] < 65
    assert age["Unit"] == "Seconds"
    (standing,) = StatusStore(database, table).read()
    assert (standing.part, standing.works) == (Part.HTTPS, True)


def test_registry_is_told_while_cloudwatch_is_away(
    told: Callable[[str], None], database: Any, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://monitoring.example")

    monkeypatch.setattr(heartbeat, "put", away)
    with pytest.raises(EndpointConnectionError):
        told(f"https://localhost:{free_port()}/live/")

    (standing,) = StatusStore(database, table).read()
    assert (standing.part, standing.works) == (Part.HTTPS, False)


def test_log_says_nothing_while_all_is_well(
    told: Callable[[str], None], address: Callable[[Reply], str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger=heartbeat.logger.name)
    told(address(topic_of(1)))
    assert [record for record in caplog.records if record.name == heartbeat.logger.name] == []

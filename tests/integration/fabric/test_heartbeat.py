"""Each process stopped in turn: the heartbeat says which path is broken, and `octopus status` names both."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import httpx
import pytest
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition

from octopus.fabric.finding import Finding, finding
from octopus.fabric.progress import Progress
from octopus.fabric.service import Fabric
from octopus.fabric.settings import FabricSettings
from octopus.fabric.supervision import Supervisor, wait_until
from tests.integration.fabric.conftest import RunningFabric
from tests.integration.fabric.kafka import person
from tests.patience import PATIENCE_S, next_message, patiently

pytestmark = pytest.mark.timeout(900)

TOPIC = "octopus.heartbeat"
NAMED_S = 120.0
KAFKA = {"kafka-sign-in", "produce", "consume"}
WEB = {"login", "management", "https"}
BROKEN = {
    "judge": KAFKA,
    "service": WEB,
    "broker": KAFKA | {"management", "https"},
    "emulator": {"management"},
}
"""What no longer works at the first look after each process has gone. More may not, where a connection that
was open just ended."""
WORKS = {"judge": {"login"}, "service": KAFKA, "broker": {"login"}, "emulator": {"login"}}
"""What goes on working, by which one is told from the others."""


@pytest.mark.parametrize("name", ["judge", "service"])
def test_first_look_names_the_path_that_is_broken_and_the_process(fabric: RunningFabric, name: str) -> None:
    with stopped(fabric, name):
        look_now(fabric)
        found = first_finding()
        assert broken(found) >= BROKEN[name]
        assert broken(found).isdisjoint(WORKS[name])
        assert found.probably == [name]

        shown = fabric.command("status")
        assert shown.returncode == 1
        assert all(f"{part} since " in shown.stdout for part in BROKEN[name])
        assert f"no answer of {name}" in shown.stdout
    await_whole()


@pytest.mark.long
@pytest.mark.parametrize("name", BROKEN)
def test_stopped_process_is_named_within_two_minutes_and_mended_as_soon_as_it_is_back(
    fabric: RunningFabric, name: str, record_property: Callable[[str, object], None]
) -> None:
    await_whole()
    with stopped(fabric, name):
        began = time.monotonic()

        def named() -> bool:
            told = json.loads(fabric.command("status", "--json").stdout)["heartbeat"]
            return told is not None and name in told["probably"] and bool(told["broken"])

        wait_until(named, seconds=NAMED_S, what=f"the heartbeat's word on {name}", interval=1)
        took_s = time.monotonic() - began
        assert took_s < NAMED_S
        found = first_finding()
        assert broken(found) >= BROKEN[name]
        assert broken(found).isdisjoint(WORKS[name])
        record_property("seconds until it was named", round(took_s))
    await_whole()
    assert fabric.command("status").returncode == 0


def test_anybody_with_an_account_reads_the_heartbeat_and_writes_none(fabric: RunningFabric) -> None:
    await_whole()
    settings, namespace = person(fabric, "listener")
    partition = TopicPartition(TOPIC, 0)
    consumer = Consumer({**settings, "group.id": f"{namespace}.listener", "enable.auto.commit": False})
    try:
        _, end = patiently(partial(consumer.get_watermark_offsets, partition, timeout=PATIENCE_S))
        consumer.assign([TopicPartition(TOPIC, 0, end - 1)])
        message = next_message(consumer)
        assert message.error() is None
        assert json.loads(message.value() or b"").keys() == {"sent"}
    finally:
        consumer.close()

    refused: list[KafkaError | None] = []
    producer = Producer(settings)
    producer.produce(TOPIC, b"{}", on_delivery=lambda error, _: refused.append(error))
    producer.flush(PATIENCE_S)
    (error,) = refused
    assert error is not None
    assert error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_heartbeat_is_read_over_https_without_logging_in(fabric: RunningFabric) -> None:
    await_whole()
    url = f"{FabricSettings().service_url}/api/v3/public/octopus/heartbeat/records"
    page = httpx.get(url, params={"offset": "earliest", "limit": 500}, timeout=PATIENCE_S).json()
    offsets = [record["offset"] for record in page["records"]]
    assert offsets
    assert offsets == list(range(offsets[0], offsets[0] + len(offsets)))


def test_last_look_is_shown_as_figures_on_loopback(fabric: RunningFabric) -> None:
    await_whole()
    port = FabricSettings().heartbeat_metrics_port
    lines = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE_S).text.splitlines()
    figures = dict(line.split() for line in lines if not line.startswith("#"))
    assert figures["octopus_heartbeat_kafka_answers"] == "1.0"
    assert figures["octopus_heartbeat_https_answers"] == "1.0"
    assert 0 < float(figures["octopus_heartbeat_kafka_sign_in_seconds"]) < PATIENCE_S
    assert 300 < float(figures["octopus_heartbeat_certificate_days"]) < 400


@contextmanager
def stopped(fabric: RunningFabric, name: str) -> Iterator[None]:
    """A process is away, in order, while the block lasts; its supervisor leaves it alone."""
    supervisor = Supervisor(fabric.home)
    supervisor.stop(name)
    try:
        yield
    finally:
        supervisor.start_program(name)
        wait_until(lambda: fabric.processes()[name]["ready"], seconds=PATIENCE_S, what=name)


def look_now(fabric: RunningFabric) -> None:
    """Begin a round: the next one may be a minute away, and a process that has just begun looks at once."""
    supervisor = Supervisor(fabric.home)
    supervisor.stop("heartbeat")
    supervisor.start_program("heartbeat")


def last_finding() -> Finding | None:
    settings = FabricSettings()
    return finding(settings, Fabric(settings, Progress(None)).status())


def first_finding() -> Finding:
    """The last finding, or the first one of a process that has just begun."""
    wait_until(lambda: last_finding() is not None, seconds=PATIENCE_S, what="a look", interval=0.5)
    found = last_finding()
    assert found is not None
    return found


def await_whole() -> None:
    """Until the heartbeat finds that everything works."""

    def whole() -> bool:
        found = last_finding()
        return found is not None and not found.silent and not found.broken

    wait_until(whole, seconds=PATIENCE_S, what="a look that finds nothing broken", interval=1)


def broken(found: Finding) -> set[str]:
    return {one.part.value for one in found.broken}

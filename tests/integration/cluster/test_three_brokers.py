"""`octopus up --brokers 3`: a fabric that outlives the sudden end of any one of its brokers."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from itertools import chain
from typing import Any

import psutil
import pytest
from confluent_kafka.admin import AdminClient

from octopus.fabric.settings import FabricSettings
from octopus.fabric.supervision import wait_until
from tests.commands import Commands
from tests.integration.cluster.traffic import Reader, Writer
from tests.integration.fabric.conftest import RunningFabric
from tests.integration.fabric.kafka import consume_all, person, produce
from tests.ports import free_port_below, free_ports

pytestmark = [pytest.mark.timeout(900), pytest.mark.long]
BROKERS = ("broker", "broker-2", "broker-3")
SECONDS = 240


@pytest.fixture(scope="module")
def fabric(tmp_path_factory: pytest.TempPathFactory, commands: Commands) -> Iterator[RunningFabric]:
    """A fabric of three brokers, on ports of its own."""
    running = RunningFabric(tmp_path_factory.mktemp("three", numbered=False), commands)
    names = ["AWS", "GLOBUS", "JUDGE", "SERVICE", "SERVICE_METRICS", "JUDGE_METRICS", "HEARTBEAT_METRICS"]
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    for name in ("KAFKA", "KAFKA_INNER", "KAFKA_CONTROLLER", "BROKER_METRICS"):
        ports[name] = free_port_below(others=2, apart=10)
    environment = {f"OCTOPUS_{name}_PORT": str(port) for name, port in ports.items()}
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("OCTOPUS_HOME", str(running.home))
        try:
            done = running.command("up", "--brokers", "3", environment=environment, seconds=600)
            assert done.returncode == 0, done.stdout + done.stderr
            patched.setenv("GLOBUS_SDK_SERVICE_URL_AUTH", FabricSettings().auth_url)
            yield running
        finally:
            assert running.command("down").returncode == 0


def test_status_shows_each_broker_and_its_ports(fabric: RunningFabric) -> None:
    processes = fabric.processes()
    assert {name: processes[name]["ready"] for name in BROKERS} == dict.fromkeys(BROKERS, True)
    ports = list(chain.from_iterable(processes[name]["ports"] for name in BROKERS))
    assert len(set(ports)) == 12
    settings, _ = person(fabric, "onlooker")
    assert settings["bootstrap.servers"].split(",") == [
        f"127.0.0.1:{processes[name]['ports'][0]}" for name in BROKERS
    ]
    for log in (*BROKERS, "audit", "audit-2", "audit-3"):
        assert fabric.command("logs", log, "--lines", "1").returncode == 0


def test_topic_of_a_user_is_on_three_brokers_and_needs_two(fabric: RunningFabric) -> None:
    settings, topic = made_topic(fabric, "keeper")
    assert isr(settings, topic) == {1, 2, 3}
    for node in FabricSettings().nodes:
        properties = (fabric.home / f"kafka{node.suffix}" / "server.properties").read_text()
        assert "\nmin.insync.replicas=2\n" in properties


def test_killed_brokers_come_back_and_nothing_acknowledged_is_lost(fabric: RunningFabric) -> None:
    """First one that only follows, then the one that leads the controllers."""
    settings, topic = made_topic(fabric, "survivor")
    namespace = topic.partition(".")[0]
    with Reader(settings, topic, f"{namespace}.reader") as reader:
        with Writer(settings, topic) as writer:
            for chosen in (follower, leader):
                before = len(writer.acknowledged)
                killed_and_back(fabric, chosen(fabric))
                wait_until(lambda: isr(settings, topic) == {1, 2, 3}, seconds=SECONDS, what="three in sync")
                wait_until(
                    lambda before=before: len(writer.acknowledged) > before + 100,
                    seconds=SECONDS,
                    what="records written since",
                )
        reader.await_all(writer.acknowledged)


def test_broker_that_is_restarted_waits_for_the_others_and_comes_back(fabric: RunningFabric) -> None:
    before = fabric.processes()
    reply = fabric.octopus("restart", "broker-2")
    after = {process["name"]: process for process in reply["processes"]}
    assert after["broker-2"]["ready"]
    assert {name for name in after if after[name]["pid"] != before[name]["pid"]} == {"broker-2"}
    refused = fabric.command("restart", "emulator")
    assert refused.returncode == 1
    assert "`octopus down` and `octopus up`" in refused.stderr


def test_another_number_of_brokers_is_refused_with_the_way_out(fabric: RunningFabric) -> None:
    refused = fabric.command("up", "--brokers", "1")
    assert refused.returncode == 1
    assert "brokers is 1, but Kafka was made of 3 here" in refused.stderr
    assert "`octopus reset`" in refused.stderr
    assert {process["ready"] for process in fabric.processes().values()} == {True}


def test_everything_killed_at_once_comes_back_with_every_record(fabric: RunningFabric) -> None:
    sent = produce(fabric, "phoenix", "kept", 500)
    supervisord = int((fabric.home / "supervisord.pid").read_text())
    victims = [
        psutil.Process(pid)
        for pid in (supervisord, *(process["pid"] for process in fabric.processes().values()))
    ]
    for victim in victims:
        victim.kill()
    _, alive = psutil.wait_procs(victims, timeout=30)
    assert not alive
    fabric.octopus("up", seconds=600)
    assert {process["ready"] for process in fabric.processes().values()} == {True}
    assert consume_all(fabric, "phoenix", "kept") == sent


def test_left_over_brokers_are_stopped_together_and_started_again(fabric: RunningFabric) -> None:
    sent = produce(fabric, "orphan", "kept", 500)
    before = {process["pid"] for process in fabric.processes().values()}
    psutil.Process(int((fabric.home / "supervisord.pid").read_text())).kill()
    notes = "\n".join(fabric.octopus("up", seconds=600)["notes"])
    assert "left processes behind" in notes
    assert "did not stop cleanly" not in notes
    assert not any(psutil.pid_exists(pid) for pid in before)
    assert consume_all(fabric, "orphan", "kept") == sent


def made_topic(fabric: RunningFabric, name: str) -> tuple[dict[str, Any], str]:
    """Client settings of a person, and a topic of theirs."""
    settings, namespace = person(fabric, name)
    fabric.session(name).call("POST", f"{namespace}/kept")
    return settings, f"{namespace}.kept"


def isr(settings: dict[str, Any], topic: str) -> set[int]:
    """Numbers of the brokers that hold every record of a topic of one partition."""
    metadata = AdminClient(settings).list_topics(topic, timeout=30)
    return set(metadata.topics[topic].partitions[0].isrs)


def leader(fabric: RunningFabric) -> str:
    """The broker whose controller leads, as the brokers' logs say."""
    terms: dict[int, str] = {}
    for name in BROKERS:
        log = (fabric.home / "log" / f"{name}.log").read_text()
        for epoch in re.findall(r"Completed transition to Leader\(.*?\bepoch=(\d+)", log):
            terms[int(epoch)] = name
    return terms[max(terms)]


def follower(fabric: RunningFabric) -> str:
    """A broker whose controller does not lead."""
    return next(name for name in BROKERS if name != leader(fabric))


def killed_and_back(fabric: RunningFabric, name: str) -> None:
    """Kill a broker; it is back when the supervisor has started it again and it holds every record."""
    pid = fabric.processes()[name]["pid"]
    os.kill(pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=30)

    def back() -> bool:
        process = fabric.processes()[name]
        return bool(process["ready"]) and process["pid"] != pid

    wait_until(back, seconds=SECONDS, what=name, interval=1)

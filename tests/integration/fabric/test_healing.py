"""`kill -9` of each process in turn and of all at once, then `octopus up`."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import psutil
import pytest
from confluent_kafka.admin import AdminClient

from octopus.fabric.supervision import Supervisor, wait_until
from tests.integration.fabric.conftest import RunningFabric
from tests.integration.fabric.kafka import consume_all, person, produce
from tests.patience import PATIENCE_S, patiently

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(autouse=True)
def whole_again(fabric: RunningFabric) -> Iterator[None]:
    """Whatever a test broke is mended before the next file's tests; most tests have done so themselves."""
    yield
    if not all(process["ready"] for process in fabric.processes().values()):
        fabric.octopus("up")


def kill(pid: int) -> None:
    process = psutil.Process(pid)
    os.kill(pid, signal.SIGKILL)
    psutil.wait_procs([process], timeout=PATIENCE_S)


def killed_and_back(fabric: RunningFabric, name: str) -> dict[str, Any]:
    """Kill a process; returns its state once the supervisor has started it again and it is ready."""
    before = fabric.processes()[name]["pid"]
    kill(before)

    def back() -> bool:
        process = fabric.processes()[name]
        return bool(process["ready"]) and process["pid"] != before

    wait_until(back, seconds=PATIENCE_S, what=name)
    return fabric.processes()[name]


@pytest.mark.parametrize(
    "name", [pytest.param("globus", marks=pytest.mark.long), "judge", "broker", "service"]
)
def test_killed_process_is_started_again_and_loses_nothing(fabric: RunningFabric, name: str) -> None:
    sent = produce(fabric, "healing", "events", 100)
    killed_and_back(fabric, name)
    sent += produce(fabric, "healing", "events", 100)
    received = consume_all(fabric, "healing", "events")
    assert received[-200:] == sent


@pytest.mark.long
def test_broker_that_is_down_is_started_by_restarting_it(fabric: RunningFabric) -> None:
    Supervisor(fabric.home).stop("broker")
    restarted = {process["name"]: process for process in fabric.octopus("restart", "broker")["processes"]}
    assert restarted["broker"]["ready"]


def test_up_on_a_running_fabric_changes_nothing(fabric: RunningFabric) -> None:
    before = fabric.processes()
    reply = fabric.octopus("up")
    assert reply["notes"] == []
    after = {process["name"]: process for process in reply["processes"]}
    assert {name: process["pid"] for name, process in after.items()} == {
        name: process["pid"] for name, process in before.items()
    }


@pytest.mark.long  # The next test takes the fabric down and up too.
def test_down_and_up_keeps_topics_records_accounts_and_keys(fabric: RunningFabric) -> None:
    sent = produce(fabric, "keeper", "kept", 50)
    key = fabric.session("keeper").call("POST", "key")
    fabric.octopus("down")
    assert not any(process["pid"] for process in fabric.processes().values())
    assert fabric.octopus("up")["notes"] == []
    again = fabric.session("keeper").call("POST", "key")
    assert again["access_key"] == key["access_key"]
    assert again["fresh"] is False
    assert consume_all(fabric, "keeper", "kept")[-50:] == sent


def test_killed_emulator_goes_back_to_its_last_clean_state_and_says_what_was_lost(
    fabric: RunningFabric,
) -> None:
    before = produce(fabric, "old-hand", "before", 10)
    key = fabric.session("old-hand").call("POST", "key")
    owner, reader = fabric.session("old-hand"), fabric.session("reader")
    reader.call("POST", "user")
    grants = f"{person(fabric, 'old-hand')[1]}/before/grants"
    owner.call("POST", grants, {"who": reader.subject, "right": "read"})
    fabric.octopus("down")
    assert not any(process["pid"] for process in fabric.processes().values())
    assert fabric.octopus("up")["notes"] == []
    kept = fabric.session("old-hand").call("POST", "key")
    assert (kept["access_key"], kept["fresh"]) == (key["access_key"], False)
    assert consume_all(fabric, "old-hand", "before")[-10:] == before
    owner.call("DELETE", f"{grants}/read-user-{reader.subject}")
    owner.call("POST", "projects/healed", {})
    owner.call("POST", "healed/spectra")
    owner.call("POST", "healed/spectra/grants", {"who": reader.subject, "right": "read"})
    sent = produce(fabric, "newcomer", "after", 10)
    lost = fabric.session("newcomer").call("POST", "key")
    kill(fabric.processes()["emulator"]["pid"])

    status = fabric.processes()["emulator"]
    assert (status["state"], status["ready"]) == ("exited", False)  # never restarted silently

    notes = "\n".join(fabric.octopus("up")["notes"])
    assert "did not stop cleanly" in notes
    assert "last clean" in notes
    assert lost["access_key"] in notes
    assert "after" in notes  # the topic that Kafka still held was adopted
    fresh = fabric.session("newcomer").call("POST", "key")
    assert fresh["fresh"] is True
    assert fresh["access_key"] != lost["access_key"]
    assert fabric.session("old-hand").call("POST", "key")["access_key"] == kept["access_key"]
    assert consume_all(fabric, "newcomer", "after")[-10:] == sent
    # What was revoked stays revoked, and what was made and given since is there again.
    assert "Revoked 1 grants again: read on ns-" in notes
    assert "Made 1 projects again: healed." in notes
    seen = AdminClient(person(fabric, "reader")[0])
    wait_until(
        lambda: (
            _others(patiently(partial(seen.list_topics, timeout=PATIENCE_S)).topics) == ["healed.spectra"]
        ),
        seconds=PATIENCE_S,
        what="reader",
    )
    assert "owner" in owner.call("GET", "projects/healed")["project"]["my_rights"]


@pytest.mark.long
def test_emulator_without_a_clean_state_is_cleared_and_deployed_again(fabric: RunningFabric) -> None:
    sent = produce(fabric, "pioneer", "first", 10)
    old = fabric.session("pioneer").call("POST", "key")
    kill(fabric.processes()["emulator"]["pid"])
    for saved in (fabric.home / "aws" / "clean").rglob("saved-at"):
        saved.unlink()  # as if it had never been stopped cleanly

    notes = "\n".join(fabric.octopus("up")["notes"])
    assert "cleared" in notes
    assert "Adopted" in notes
    (topics,) = fabric.session("pioneer").call("GET", "namespace")["namespaces"].values()
    assert "first" in topics
    fresh = fabric.session("pioneer").call("POST", "key")
    assert fresh["fresh"] is True
    assert fresh["access_key"] != old["access_key"]
    assert consume_all(fabric, "pioneer", "first")[-10:] == sent


def test_everything_killed_at_once_comes_back(fabric: RunningFabric) -> None:
    sent = produce(fabric, "survivor", "kept", 50)
    supervisord = int((fabric.home / "supervisord.pid").read_text())
    victims = [
        psutil.Process(pid)
        for pid in (supervisord, *(process["pid"] for process in fabric.processes().values()))
    ]
    for victim in victims:
        os.kill(victim.pid, signal.SIGKILL)
    _, alive = psutil.wait_procs(victims, timeout=PATIENCE_S)
    assert not alive

    notes = "\n".join(fabric.octopus("up")["notes"])
    assert "did not stop cleanly" in notes
    assert all(process["ready"] for process in fabric.processes().values())
    assert consume_all(fabric, "survivor", "kept")[-50:] == sent


@pytest.mark.long
def test_killed_supervisor_leaves_no_process_that_up_does_not_find(fabric: RunningFabric) -> None:
    before = {process["pid"] for process in fabric.processes().values()}
    kill(int((fabric.home / "supervisord.pid").read_text()))
    notes = "\n".join(fabric.octopus("up")["notes"])
    assert "left processes behind" in notes
    assert "did not stop cleanly" not in notes  # the emulator was stopped as it should be
    assert not before & {process["pid"] for process in fabric.processes().values()}
    assert not any(psutil.pid_exists(pid) for pid in before)


def _others(topics: Iterable[str]) -> list[str]:
    """Topics but the platform's own, some of which everybody with an account may read."""
    return [topic for topic in topics if not topic.startswith("octopus.")]

"""supervisord's configuration and the waiting for conditions."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from octopus.fabric.errors import FabricError, ProcessFailedError
from octopus.fabric.ports import end, orphans
from octopus.fabric.supervision import MARKER, Program, Supervisor, wait_until
from tests.patience import PATIENCE_S

ODD = "per%cent, comma = equals  two spaces"


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    supervisor = Supervisor(tmp_path)
    supervisor.start({"PATH": os.environ["PATH"], MARKER: str(tmp_path)})
    yield supervisor
    for name in supervisor.states():
        supervisor.stop(name)
    supervisor.shut_down()
    assert supervisor.pid() is None


@pytest.fixture
def program(tmp_path: Path) -> Callable[..., Program]:
    def make(name: str, code: str, **environment: str) -> Program:
        script = tmp_path / f"{name}.py"
        script.write_text(code)
        command = [sys.executable, str(script)]
        return Program(name=name, command=command, environment=environment, restart=False)

    return make


WRITE = """
import os, pathlib, time
pathlib.Path("seen").write_text(os.environ["ODD"])
time.sleep(600)
"""
SLEEP = "import time\ntime.sleep(600)\n"


def test_program_gets_its_environment_to_the_letter(
    program: Callable[..., Program], supervisor: Supervisor, tmp_path: Path
) -> None:
    supervisor.configure([program("odd", WRITE, ODD=ODD)])
    assert supervisor.start_program("odd")
    wait_until((tmp_path / "seen").exists, seconds=20, what="the file")
    wait_until(lambda: (tmp_path / "seen").read_text() == ODD, seconds=5, what="its text")
    assert not supervisor.start_program("odd")


def test_configure_stops_what_changed_and_leaves_the_rest(
    program: Callable[..., Program], supervisor: Supervisor
) -> None:
    supervisor.configure([program("same", SLEEP), program("other", SLEEP)])
    for name in ("same", "other"):
        supervisor.start_program(name)
    before = supervisor.states()["same"].pid
    supervisor.configure([program("same", SLEEP), program("other", SLEEP, NEW="value")])
    assert supervisor.states()["same"].pid == before
    assert not supervisor.states()["other"].up


@pytest.mark.parametrize("character", ['"', "'", "\\", ";", "#", "\n"])
def test_character_that_supervisord_would_misread_is_refused(
    program: Callable[..., Program], tmp_path: Path, character: str
) -> None:
    # Before supervisord is asked anything.
    with pytest.raises(FabricError, match="may not hold any of"):
        Supervisor(tmp_path).configure([program("odd", SLEEP, ODD=f"a{character}b")])


def test_configuration_is_private(
    program: Callable[..., Program], supervisor: Supervisor, tmp_path: Path
) -> None:
    supervisor.configure([program("secretive", SLEEP, SECRET="value")])
    assert (tmp_path / "supervisord.conf").stat().st_mode & 0o077 == 0


def test_stop_ends_several_at_once_and_minds_none_that_does_not_run(
    program: Callable[..., Program], supervisor: Supervisor
) -> None:
    names = ("one", "two", "never-started")
    supervisor.configure([program(name, SLEEP) for name in names])
    for name in names[:2]:
        supervisor.start_program(name)
    supervisor.stop(*names)
    assert {supervisor.states()[name].pid for name in names} == {None}


def test_killed_supervisor_leaves_orphans_that_are_found_and_ended(
    program: Callable[..., Program], tmp_path: Path
) -> None:
    supervisor = Supervisor(tmp_path)
    supervisor.start({"PATH": os.environ["PATH"], MARKER: str(tmp_path)})
    supervisor.configure([program("left", SLEEP)])
    supervisor.start_program("left")
    pid = supervisor.pid()
    assert pid is not None
    assert orphans(tmp_path, under=pid) == []
    supervisord = psutil.Process(pid)
    supervisord.kill()
    supervisord.wait(timeout=PATIENCE_S)
    assert supervisor.pid() is None
    (left,) = orphans(tmp_path, under=None)
    assert end(left, seconds=10)
    assert orphans(tmp_path, under=None) == []


def test_waiting_ends_with_the_reason_why_it_is_useless() -> None:
    with pytest.raises(ProcessFailedError, match="it is dead"):
        wait_until(lambda: False, seconds=60, what="nothing", failed=lambda: "it is dead")


def test_waiting_too_long_names_what_for() -> None:
    with pytest.raises(ProcessFailedError, match="The moon was not ready within 0 s"):
        wait_until(lambda: False, seconds=0.1, what="The moon", interval=0.05)

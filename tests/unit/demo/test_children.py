from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from octopus.demo.children import Child
from octopus.demo.errors import DemoError

_PROGRAM = """
import json, signal, sys, time
what = sys.argv[2]
if what == "fail":
    sys.exit("the reason")
if what == "quiet":
    time.sleep(60)
if what == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(json.dumps({"event": "noise"}), flush=True)
print(json.dumps({"event": "ready", "number": 7}), flush=True)
if what == "deaf":
    time.sleep(60)
"""


def _start(folder: Path, what: str) -> Child:
    (folder / "toy.py").write_text(_PROGRAM)
    environment = {"PYTHONPATH": str(folder), "PATH": os.environ["PATH"]}
    return Child("toy", {"what": what}, environment=environment, log=folder / "toy.log")


def test_expected_event_comes_with_its_fields(tmp_path: Path) -> None:
    with _start(tmp_path, "good") as child:
        assert child.expect("ready", seconds=20)["number"] == 7
        child.wait(seconds=20)


def test_failure_is_told_in_the_processes_own_words(tmp_path: Path) -> None:
    with _start(tmp_path, "fail") as child:
        with pytest.raises(DemoError, match="the reason"):
            child.expect("ready", seconds=20)
        with pytest.raises(DemoError, match="The toy failed: the reason"):
            child.wait(seconds=20)


def test_silence_ends_the_wait(tmp_path: Path) -> None:
    with _start(tmp_path, "quiet") as child:
        with pytest.raises(DemoError, match="took over"):
            child.expect("ready", seconds=0.2)
        child.check()


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_process_that_does_not_listen_is_ended_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("octopus.demo.children._STOP_S", 0.2)
    with _start(tmp_path, "deaf") as child:
        child.expect("ready", seconds=20)
    with pytest.raises(DemoError, match="failed"):
        child.check()

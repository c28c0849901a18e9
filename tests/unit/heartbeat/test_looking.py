"""Looks in threads of their own."""

from __future__ import annotations

import subprocess
import sys

import pytest

from octopus.heartbeat.looking import begin
from tests.patience import PATIENCE_S

HANGS = """
import threading
from octopus.heartbeat.looking import begin
begin(threading.Event().wait)
"""


def test_answer_is_there_when_the_look_has_ended() -> None:
    assert begin(lambda: 7).result(PATIENCE_S) == 7


def test_what_a_look_raises_is_raised_where_its_answer_is_asked_for() -> None:
    def break_down() -> None:
        raise RuntimeError("broke")

    with pytest.raises(RuntimeError, match="broke"):
        begin(break_down).result(PATIENCE_S)


def test_process_ends_whatever_a_look_waits_for() -> None:
    subprocess.run([sys.executable, "-c", HANGS], check=True, timeout=PATIENCE_S)

"""``octopus reset``, of a fabric that does not run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.cli.shell import run


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A fabric's state, with something beside it."""
    home = tmp_path / "fabric"
    (home / "kafka" / "data").mkdir(parents=True)
    (home / "kafka" / "data" / "records").write_text("one")
    (tmp_path / "mine").write_text("kept")
    monkeypatch.setenv("OCTOPUS_HOME", str(home))
    umask = os.umask(0o022)
    os.umask(umask)
    yield home
    os.umask(umask)  # whoever writes secrets narrows it


def test_reset_deletes_the_state_and_nothing_beside_it(home: Path) -> None:
    outcome = run("reset", "--yes")
    assert outcome.exit_code == 0, outcome.output
    assert f"Deleted {home}" in outcome.output
    assert not home.exists()
    assert (home.parent / "mine").read_text() == "kept"


def test_reset_deletes_nothing_without_an_answer(home: Path) -> None:
    outcome = run("reset", answer="n\n")
    assert outcome.exit_code != 0
    assert (home / "kafka" / "data" / "records").read_text() == "one"

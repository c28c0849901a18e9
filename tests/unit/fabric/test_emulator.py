"""The emulator's state on disk, whatever moment a crash chooses."""

from __future__ import annotations

import datetime
import shutil
from pathlib import Path

import pytest

from octopus.fabric.emulator import EmulatorState


@pytest.fixture
def state(tmp_path: Path) -> EmulatorState:
    emulator = EmulatorState(tmp_path / "aws")
    emulator.mark_running()
    return emulator


def write(state: EmulatorState, text: str) -> None:
    (state.live / "state" / "tables.json").write_text(text)


def read(state: EmulatorState) -> str:
    return (state.live / "state" / "tables.json").read_text()


def test_started_emulator_is_unclean_until_its_clean_stop_is_kept(state: EmulatorState) -> None:
    assert state.unclean
    write(state, "one")
    state.keep_clean()
    assert not state.unclean
    assert state.saved_at is not None
    assert datetime.datetime.now(datetime.UTC) - state.saved_at < datetime.timedelta(minutes=1)


def test_restore_brings_back_the_last_clean_state_whole(state: EmulatorState) -> None:
    write(state, "one")
    state.keep_clean()
    state.mark_running()
    write(state, "half wri")
    (state.live / "s3" / "object").write_text("written at once")
    assert state.restore() == state.saved_at
    assert read(state) == "one"
    assert not (state.live / "s3" / "object").exists()
    assert not state.unclean


def test_restore_without_a_clean_state_clears_everything(state: EmulatorState) -> None:
    (state.live / "s3" / "object").write_text("a bucket that outlived its tables")
    assert state.restore() is None
    assert not state.live.exists()


def test_later_clean_state_replaces_the_earlier(state: EmulatorState) -> None:
    for text in ("one", "two"):
        state.mark_running()
        write(state, text)
        state.keep_clean()
    state.restore()
    assert read(state) == "two"


def test_copy_cut_short_leaves_the_earlier_clean_state(state: EmulatorState) -> None:
    write(state, "one")
    state.keep_clean()
    state.mark_running()
    shutil.copytree(state.live, state.folder / "clean.new")
    (state.folder / "clean.new" / "state" / "tables.json").write_text("half")
    state.restore()
    assert read(state) == "one"


def test_finished_copy_that_was_not_put_in_place_is_the_clean_state(state: EmulatorState) -> None:
    write(state, "one")
    state.keep_clean()
    (state.folder / "clean").rename(state.folder / "clean.new")
    state.mark_running()
    write(state, "two")
    assert state.restore() is not None
    assert read(state) == "one"


def test_state_that_was_put_back_is_unhealed_until_somebody_says_otherwise(state: EmulatorState) -> None:
    state.keep_clean()
    state.mark_running()
    first = state.restore()
    state.mark_running()
    state.keep_clean()  # stopped before it was healed
    state.mark_running()
    assert state.restore() != first

    assert state.unhealed
    assert state.restored_to == first
    state.mark_healed()
    assert not state.unhealed


def test_state_that_was_cleared_is_unhealed_from_its_beginning_on(state: EmulatorState) -> None:
    state.restore()

    assert state.unhealed
    assert state.restored_to is None

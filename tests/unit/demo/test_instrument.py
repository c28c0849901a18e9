"""A real folder, real notices, and no Kafka: events go into a list, and a rebuilder follows them."""

from __future__ import annotations

import dataclasses
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from octopus.demo.compare import compare
from octopus.demo.events import PART_BYTES, Event, Kind, decode, encode
from octopus.demo.instrument import Instrument
from octopus.demo.rebuilding import Rebuilder
from octopus.demo.watching import Watch
from tests.patience import PATIENCE_S

if sys.platform == "linux":
    from watchdog.observers.inotify_c import InotifyEvent, InotifyFD

_PATIENCE_S = PATIENCE_S


class Running:
    """An instrument that follows ``watched`` in a thread, and a mirror that follows its events."""

    def __init__(self, folder: Path) -> None:
        self.watched = folder / "watched"
        self.mirror = folder / "mirror"
        self.outside = folder / "outside"
        self.watched.mkdir()
        self.outside.mkdir()
        self.events: list[Event] = []
        self.losses = 0
        self._rebuilder = Rebuilder(self.mirror, staging=folder / "staging")
        self._failure: BaseException | None = None
        self._ended = threading.Event()
        self._following = threading.Event()
        self._thread = threading.Thread(target=self._follow)

    def start(self) -> None:
        self._thread.start()
        assert self._following.wait(_PATIENCE_S)

    def end(self) -> None:
        """End the run and compare."""
        self._ended.set()
        self._thread.join(_PATIENCE_S)
        assert not self._thread.is_alive()
        if self._failure is not None:
            raise self._failure
        comparison = compare(self.watched, self.mirror)
        assert comparison.equal, comparison

    def close(self) -> None:
        self._ended.set()
        self._thread.join(_PATIENCE_S)
        self._rebuilder.close()

    def arrives(self, there: Callable[[], bool]) -> None:
        until = time.monotonic() + _PATIENCE_S
        while not there():
            assert time.monotonic() < until, "the mirror did not follow"
            assert self._failure is None, self._failure
            time.sleep(0.005)

    @contextmanager
    def reader_held(self) -> Iterator[None]:
        """Keep watchdog's reading thread from reading on."""
        reader = self._reader()
        goes_on = threading.Event()
        handle = reader.handle_event

        def wait_and_handle(event: InotifyEvent) -> None:
            goes_on.wait(_PATIENCE_S)
            handle(event)

        reader.handle_event = wait_and_handle  # type: ignore[method-assign]
        try:
            yield
        finally:
            goes_on.set()

    def break_watch(self) -> None:
        """Make watchdog's reading thread end with the error that it has of itself under a storm."""
        reader = self._reader()
        reader.handle_event = self._raise  # type: ignore[method-assign, assignment]
        (self.watched / "last straw").touch()
        reader.join(_PATIENCE_S)

    def _reader(self) -> InotifyFD:
        return next(thread for thread in threading.enumerate() if isinstance(thread, InotifyFD))

    def _raise(self, _event: object) -> None:
        raise KeyError("a directory that moved")

    def kinds(self, path: str) -> list[Kind]:
        return [event.kind for event in self.events if event.path == path]

    def _send(self, event: Event) -> None:
        numbered = dataclasses.replace(event, sequence=len(self.events))
        self.events.append(numbered)
        self._rebuilder.apply(decode(encode(numbered)[1]))

    def _follow(self) -> None:
        try:
            with Watch(self.watched) as watch:
                instrument = Instrument(watch, self._send)
                instrument.follow(self._ended, idle=self._following.set)
                self.losses = instrument.losses
        except BaseException as error:  # noqa: BLE001 - the test's own thread raises it again
            self._failure = error
            self._following.set()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    instance = Running(tmp_path)
    yield instance
    instance.close()


def test_instrument_sends_what_was_there_before_it_watched(running: Running) -> None:
    (running.watched / "a/b").mkdir(parents=True)
    (running.watched / "a/b/file").write_text("early")
    running.start()
    running.end()
    assert running.kinds("a/b/file") == [Kind.FILE_WRITTEN]


def test_instrument_follows_writing_in_all_the_ways_of_programs(running: Running) -> None:
    running.start()
    for name in ("appended", "written anew", "replaced", "linked"):
        (running.watched / name).write_text("first")
    running.arrives(lambda: all((running.mirror / name).exists() for name in ("appended", "linked")))
    with (running.watched / "appended").open("a") as file:
        file.write(" and more")
    (running.watched / "written anew").write_text("second")
    (running.watched / "replaced.new").write_text("other")
    (running.watched / "replaced.new").replace(running.watched / "replaced")
    (running.watched / "second name").hardlink_to(running.watched / "linked")
    running.end()
    assert (running.mirror / "replaced").read_text() == "other"


def test_instrument_sends_a_file_once_when_nothing_in_it_changes(running: Running) -> None:
    running.start()
    path = running.watched / "file"
    path.write_text("the same")
    running.arrives((running.mirror / "file").exists)
    path.write_text("the same")
    path.touch()
    running.end()
    assert running.kinds("file") == [Kind.FILE_WRITTEN]


def test_instrument_sends_a_large_file_in_parts_below_the_limit(running: Running) -> None:
    running.start()
    (running.watched / "large").write_bytes(os.urandom(3 * PART_BYTES + 7))
    (running.watched / "exact").write_bytes(os.urandom(2 * PART_BYTES))
    (running.watched / "empty").touch()
    running.end()
    last = [event for event in running.events if event.path == "large"][-4:]
    assert [event.part for event in last] == [0, 1, 2, 3]
    assert max(len(encode(event)[1]) for event in running.events) < 1_000_000 / 2


def test_renamed_files_travel_as_moves_without_content(running: Running) -> None:
    running.start()
    (running.watched / "one").write_text("one")
    (running.watched / "two").write_text("two")
    (running.watched / "folder").mkdir()
    running.arrives((running.mirror / "two").exists)
    running.arrives((running.mirror / "folder").exists)
    (running.watched / "one").rename(running.watched / "folder/one")
    running.arrives((running.mirror / "folder/one").exists)
    (running.watched / "two").rename(running.watched / "folder/one")
    running.end()
    assert running.kinds("folder/one") == [Kind.FILE_MOVED, Kind.FILE_MOVED]
    assert (running.mirror / "folder/one").read_text() == "two"


def test_renamed_directory_travels_as_one_move_with_all_below(running: Running) -> None:
    running.start()
    below = running.watched / "run/raw/deep"
    below.mkdir(parents=True)
    for number in range(50):
        (below / f"{number}.dat").write_text(str(number))
    running.arrives(lambda: all((running.mirror / f"run/raw/deep/{n}.dat").exists() for n in range(50)))
    sent = len(running.events)
    (running.watched / "run").rename(running.watched / "archive")
    (running.watched / "archive/raw/deep/7.dat").write_text("after the move")
    (running.watched / "archive/raw/new.dat").write_text("new")
    running.end()
    kinds = [event.kind for event in running.events[sent:]]
    assert kinds.count(Kind.DIRECTORY_MOVED) == 1
    assert Kind.FILE_DELETED not in kinds
    assert kinds.count(Kind.FILE_WRITTEN) == 2


def test_directory_replaced_under_its_name_is_followed(running: Running) -> None:
    running.start()
    for round_ in range(10):
        (running.watched / "current").mkdir()
        (running.watched / "current/state").write_text(f"round {round_}")
        (running.watched / "current").rename(running.watched / f"kept-{round_}")
    (running.watched / "current").write_text("a file now")
    running.end()


def test_nested_directories_that_appear_at_once_are_followed(running: Running) -> None:
    running.start()
    for tree in range(20):
        below = running.watched / f"tree{tree}/a/b/c/d"
        below.mkdir(parents=True)
        for path in (below, *below.parents[:4]):
            (path / "file").write_text(f"{path}")
    running.end()
    assert len(list(running.mirror.rglob("file"))) == 100


def test_tree_moved_in_and_out_appears_and_is_gone(running: Running) -> None:
    running.start()
    (running.outside / "sample/a/b").mkdir(parents=True)
    (running.outside / "sample/a/b/file").write_text("content")
    (running.outside / "sample").rename(running.watched / "sample")
    running.arrives((running.mirror / "sample/a/b/file").exists)
    (running.watched / "sample/a").rename(running.outside / "gone")
    running.end()
    assert (running.mirror / "sample").is_dir()
    assert not (running.mirror / "sample/a").exists()


def test_deleted_files_and_trees_are_deleted_deepest_first(running: Running) -> None:
    running.start()
    (running.watched / "tree/below").mkdir(parents=True)
    (running.watched / "tree/below/file").write_text("1")
    (running.watched / "file").write_text("2")
    running.arrives((running.mirror / "tree/below/file").exists)
    running.arrives((running.mirror / "file").exists)
    shutil.rmtree(running.watched / "tree")
    (running.watched / "file").unlink()
    running.end()
    assert list(running.mirror.iterdir()) == []


def test_links_and_pipes_are_left_out(running: Running) -> None:
    running.start()
    (running.outside / "secret").write_text("not the instrument's")
    (running.watched / "link").symlink_to(running.outside / "secret")
    (running.watched / "folder").symlink_to(running.outside)
    os.mkfifo(running.watched / "pipe")
    (running.watched / "was a file").write_text("x")
    running.arrives((running.mirror / "was a file").exists)
    (running.watched / "was a file").unlink()
    (running.watched / "was a file").symlink_to(running.outside / "secret")
    running.arrives(lambda: not (running.mirror / "was a file").exists())
    for path in running.watched.iterdir():
        path.unlink()
    running.end()
    assert {event.path for event in running.events} == {"was a file"}


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has no file names that are not UTF-8")
def test_names_of_any_bytes_come_through(running: Running) -> None:
    running.start()
    for name in (b"latin-\xe9", "grüße 🐙".encode(), b"line\nfeed", b"\\u00e9 {}"):
        (running.watched / os.fsdecode(name)).write_bytes(name)
    running.end()
    assert len(list(running.mirror.iterdir())) == 4


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says how many notices it holds")
def test_lost_notices_are_made_up_for_by_looking_at_everything(running: Running) -> None:
    running.start()
    path, other = running.watched / "a", running.watched / "b"
    path.touch()
    running.arrives((running.mirror / "a").exists)
    with running.reader_held():
        # Each move is two notices; some more are in the reader's hands already.
        for _ in range(int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())):
            path.rename(other)
            other.rename(path)
        (running.watched / "late/below").mkdir(parents=True)
        (running.watched / "late/below/file").write_text("late")
    running.end()
    assert running.losses >= 1
    assert (running.mirror / "late/below/file").read_text() == "late"


@pytest.mark.skipif(sys.platform != "linux", reason="how it breaks is a matter of inotify")
def test_watch_that_breaks_is_renewed(running: Running) -> None:
    running.start()
    (running.watched / "before").write_text("1")
    running.arrives((running.mirror / "before").exists)
    running.break_watch()
    (running.watched / "after").mkdir()
    (running.watched / "after/file").write_text("2")
    running.arrives((running.mirror / "after/file").exists)
    running.end()
    assert running.losses == 1


def test_storm_of_everything_at_once_ends_equal(running: Running) -> None:
    running.start()
    storms = [
        threading.Thread(target=_storm, args=(running.watched, number), daemon=True) for number in range(4)
    ]
    for storm in storms:
        storm.start()
    for storm in storms:
        storm.join()
    running.end()


def _storm(root: Path, number: int) -> None:
    """Create, write, move between directories, replace and delete, the same in each run."""
    for step in range(60):
        home = root / f"{number}-{step % 5}"
        away = root / f"{number}-{(step + 1) % 5}"
        (home / "deep" / "er").mkdir(parents=True, exist_ok=True)
        away.mkdir(exist_ok=True)
        for name in range(4):
            (home / "deep" / f"{name}").write_text(f"{number} {step} {name}" * (step + 1))
        (home / "deep" / "0").rename(away / f"moved-{step % 7}")
        (home / "deep" / "1").replace(home / "deep" / "2")
        (home / "deep" / "er" / "x").write_bytes(b"x" * PART_BYTES * (step % 3))
        if step % 3 == 0:
            (home / "deep").rename(away / f"deep-{step}")
        if step % 4 == 3:
            shutil.rmtree(away)

"""The file system's notices of a folder, in the order in which the kernel gave them."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import secrets
import threading
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.utils import BaseThread

_MARK = ".octopus-mark-"
"""How a mark's file name begins; it is never content."""

_FOLLOWED: list[type[FileSystemEvent]] = [
    FileCreatedEvent,
    FileModifiedEvent,
    FileClosedEvent,
    FileMovedEvent,
    FileDeletedEvent,
    DirCreatedEvent,
    DirMovedEvent,
    DirDeletedEvent,
]


@dataclass(frozen=True)
class Changed:
    """Something happened at a path; "" is the folder itself."""

    path: str
    time_ns: int
    complete: bool
    """Whether its writer is done, as far as one can see."""
    deleted: bool
    """Whether it is gone, and was not moved to another path."""


@dataclass(frozen=True)
class Moved:
    """A path was renamed, with all below it."""

    source: str
    target: str
    time_ns: int


@dataclass(frozen=True)
class Marked:
    """Everything that happened before this mark was set has been noticed."""

    mark: str


@dataclass(frozen=True)
class Lost:
    """The kernel or the watch lost notices: only a look at everything helps."""

    time_ns: int
    broken: bool
    """Whether there will be no more notices until the watch is renewed."""


Notice = Changed | Moved | Marked | Lost


def is_mark(name: str) -> bool:
    """Whether a file's name is a mark's, and its content none of the folder's."""
    return name.startswith(_MARK)


class Watch:
    """Notices of everything below ``folder``; a context manager, in which ``notices`` fills."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.notices: queue.SimpleQueue[Notice] = queue.SimpleQueue()
        self._log = _ObserverLog(self.notices)
        self._other_hook = threading.excepthook
        self._broken = False

    def __enter__(self) -> Watch:
        # A directory that is made while its parent is walked is watched twice, which does no harm.
        warnings.filterwarnings("ignore", message="Callback with id", category=RuntimeWarning)
        logging.getLogger("watchdog.observers").addHandler(self._log)
        threading.excepthook = self._on_thread_error
        self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()
        threading.excepthook = self._other_hook
        logging.getLogger("watchdog.observers").removeHandler(self._log)

    def renew(self) -> None:
        """Begin to watch anew, after a ``Lost`` that says so."""
        self._stop()
        self._broken = False
        self._start()

    def mark(self) -> str:
        """Set a mark: its ``Marked`` comes after the notice of all that happened up to now.

        It is a file made in the folder and deleted again: its notices stand in
        line with the others.
        """
        name = _MARK + secrets.token_hex(8)
        path = self.folder / name
        path.touch()
        path.unlink()
        return name

    def _start(self) -> None:
        self._observer = Observer()
        handler = _Handler(self.folder, self.notices)
        self._observer.schedule(handler, str(self.folder), recursive=True, event_filter=_FOLLOWED)
        self._observer.start()

    def _stop(self) -> None:
        with contextlib.suppress(LookupError):  # its books may be what is broken
            self._observer.stop()
            self._observer.join()

    def _on_thread_error(self, raised: threading.ExceptHookArgs) -> None:
        # When directories are renamed and made again fast enough, watchdog loses track of them, and the
        # thread that reads the kernel's notices ends with a KeyError.
        if not isinstance(raised.thread, BaseThread):
            self._other_hook(raised)
        elif not self._broken:
            self._broken = True
            self.notices.put(Lost(time.time_ns(), broken=True))


class _Handler(FileSystemEventHandler):
    def __init__(self, folder: Path, notices: queue.SimpleQueue[Notice]) -> None:
        self._folder = str(folder)
        self._notices = notices

    def on_any_event(self, event: FileSystemEvent) -> None:
        now = time.time_ns()
        path = self._relative(event.src_path)
        if is_mark(path):
            if isinstance(event, FileDeletedEvent):
                self._notices.put(Marked(path))
            return
        if isinstance(event, FileMovedEvent | DirMovedEvent):
            self._notices.put(Moved(path, self._relative(event.dest_path), now))
            return
        writing = isinstance(event, FileCreatedEvent | FileModifiedEvent)
        deleted = isinstance(event, FileDeletedEvent | DirDeletedEvent)
        self._notices.put(Changed(path, now, complete=not writing, deleted=deleted))

    def _relative(self, path: bytes | str) -> str:
        relative = os.path.relpath(os.fsdecode(path), self._folder)
        return "" if relative == "." else relative


class _ObserverLog(logging.Handler):
    """Turns the watch's own warnings into notices: it reports lost notices in its log alone."""

    def __init__(self, notices: queue.SimpleQueue[Notice]) -> None:
        super().__init__(logging.WARNING)
        self._notices = notices

    def emit(self, record: logging.LogRecord) -> None:
        self._notices.put(Lost(time.time_ns(), broken=False))

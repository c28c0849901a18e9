"""What the readers of a topic know of a watched folder, and the events that bring them up to date.

A file system's notices are hints: by the time one is read, its path may be gone, changed again or moved. So
a notice never says what happened; it says where to look. What is seen there is compared with what
readers were told, and the difference is sent. Whatever changes after a look brings another notice.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from octopus.demo.events import PART_BYTES, Event, Kind

_GRACE_S = 0.03
"""A file that was created or is being written is looked at after this, unless it is closed before. What is
missing is looked for again after this: it may have been moved, and the notice may be on its way."""


@dataclass(frozen=True)
class _Told:
    """What readers know of one path; a directory has no hash."""

    inode: int
    sha256: str | None

    @property
    def is_directory(self) -> bool:
        return self.sha256 is None


@dataclass
class _Pending:
    time_ns: int
    """Of the first notice since the last look."""
    due: float
    """By the monotonic clock."""
    deleted: bool = False
    """Whether a notice said so, or it was missing at an earlier look."""


class Tracker:
    """Sends the events that make a reader's tree equal to ``folder``."""

    def __init__(
        self,
        folder: Path,
        send: Callable[[Event], None],
        *,
        ignore: Callable[[str], bool] = lambda name: False,
    ) -> None:
        self._folder = folder
        self._send = send
        self._ignore = ignore
        self._told: dict[str, _Told] = {}
        self._pending: dict[str, _Pending] = {}
        self._unreadable: set[str] = set()

    @property
    def unreadable(self) -> list[str]:
        """Paths that can't be read, as far as they were looked at."""
        return sorted(self._unreadable)

    def changed(self, path: str, time_ns: int, *, complete: bool = True, deleted: bool = False) -> None:
        """Have a look at ``path`` ("" is the folder).

        Args:
            path: below the folder.
            time_ns: of the notice, since the epoch.
            complete: whether to look at once; else its writer has a moment to go on.
            deleted: whether the notice said that it is gone.
        """
        due = 0.0 if complete else time.monotonic() + _GRACE_S
        pending = self._pending.setdefault(path, _Pending(time_ns, due))
        pending.due = min(pending.due, due)
        pending.deleted |= deleted

    def moved(self, source: str, target: str, time_ns: int) -> None:
        """Tell readers of a move if they know the source, and have a look at both ends."""
        told = self._told.get(source)
        nested = f"{target}/".startswith(f"{source}/") or source.startswith(f"{target}/")
        if told is not None and not nested and self._may_be(target, told.inode):
            self._tell_parents(target, time_ns)
            there = self._told.get(target)
            if there is not None and (told.is_directory or there.is_directory):
                self._tell_gone(target, time_ns)
            kind = Kind.DIRECTORY_MOVED if told.is_directory else Kind.FILE_MOVED
            self._send(Event(kind=kind, path=target, moved_from=source, time_ns=time_ns, sha256=told.sha256))
            for path in [source, *self._below(source)]:
                self._told[target + path[len(source) :]] = self._told.pop(path)
        self.changed(source, time_ns)
        self.changed(target, time_ns)

    def next_due(self) -> float | None:
        """Seconds until a look is due, 0 if one is now; None if there is nothing to look at."""
        if not self._pending:
            return None
        earliest = min(pending.due for pending in self._pending.values())
        return max(0.0, earliest - time.monotonic())

    def look(self, *, hurry: bool = False) -> bool:
        """Look at one path that is due, or that waits if in a ``hurry``; returns whether there was one."""
        now = time.monotonic()
        for path, pending in self._pending.items():
            if hurry or pending.due <= now:
                self._look_at(path, pending.time_ns)
                return True
        return False

    def _look_at(self, path: str, time_ns: int) -> None:
        # What changes from here on brings a notice of its own, so an older one is answered by this look.
        pending = self._pending.pop(path, None)
        time_ns = pending.time_ns if pending else time_ns
        if self._ignore(path.rpartition("/")[2]):
            return
        self._unreadable.discard(path)
        try:
            found = os.lstat(self._folder / path)
            if stat.S_ISDIR(found.st_mode):
                self._look_into(path, found.st_ino, time_ns)
            elif stat.S_ISREG(found.st_mode):
                self._look_at_file(path, time_ns)
            else:  # links, sockets and devices are no content of an instrument
                self._tell_gone(path, time_ns)
        except (FileNotFoundError, NotADirectoryError):
            if path not in self._told:
                return
            if pending is not None and pending.deleted:
                self._tell_gone(path, time_ns)
            else:
                self.changed(path, time_ns, complete=False, deleted=True)
        except PermissionError:
            self._unreadable.add(path)

    def _look_into(self, path: str, inode: int, time_ns: int) -> None:
        told = self._told.get(path)
        if path and (told is None or not told.is_directory):
            self._tell_gone(path, time_ns)
            self._tell_parents(path, time_ns)
            self._send(Event(kind=Kind.DIRECTORY_CREATED, path=path, time_ns=time_ns))
        if path:
            self._told[path] = _Told(inode, None)
        below = f"{path}/" if path else ""
        names = {entry.name for entry in (self._folder / path).iterdir()}
        # Its notices may have been lost from before it was watched: all that is, or was, in it is looked at.
        known = {known[len(below) :].partition("/")[0] for known in self._below(path)}
        for name in sorted(names | known):
            self._look_at(below + name, time_ns)

    def _look_at_file(self, path: str, time_ns: int) -> None:
        try:
            # Whatever takes the file's place after the look above is neither followed nor waited for.
            descriptor = os.open(self._folder / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as error:
            if isinstance(error, FileNotFoundError | NotADirectoryError | PermissionError):
                raise
            self.changed(path, time_ns, complete=False)
            return
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                self.changed(path, time_ns, complete=False)
                return
            size, sha256 = _measure(file)
            told = self._told.get(path)
            if told is not None and told.sha256 == sha256:
                self._told[path] = _Told(found.st_ino, sha256)
                return
            if told is not None and told.is_directory:
                self._tell_gone(path, time_ns)
            self._tell_parents(path, time_ns)
            if self._send_content(path, file, time_ns, size=size, sha256=sha256):
                self._told[path] = _Told(found.st_ino, sha256)
            else:
                self.changed(path, time_ns, complete=False)

    def _send_content(self, path: str, file: BinaryIO, time_ns: int, *, size: int, sha256: str) -> bool:
        """Send a file in parts; the last one only if all of them are what was measured."""
        parts = max(1, -(-size // PART_BYTES))
        digest = hashlib.sha256()
        file.seek(0)
        for part in range(parts):
            content = file.read(PART_BYTES)
            digest.update(content)
            if part == parts - 1 and digest.hexdigest() != sha256:
                return False
            self._send(
                Event(
                    kind=Kind.FILE_WRITTEN,
                    path=path,
                    time_ns=time_ns,
                    sha256=sha256,
                    size=size,
                    part=part,
                    parts=parts,
                    content=content,
                )
            )
        return True

    def _tell_gone(self, path: str, time_ns: int) -> None:
        """Tell readers that a path, and what they know below it, is no more; the deepest first."""
        for gone in sorted([*self._below(path), path], reverse=True):
            told = self._told.pop(gone, None)
            if told is not None:
                kind = Kind.DIRECTORY_DELETED if told.is_directory else Kind.FILE_DELETED
                self._send(Event(kind=kind, path=gone, time_ns=time_ns, sha256=told.sha256))

    def _tell_parents(self, path: str, time_ns: int) -> None:
        """Tell readers of the directories above a path that they do not know yet."""
        names = path.split("/")[:-1]
        for depth in range(1, len(names) + 1):
            parent = "/".join(names[:depth])
            told = self._told.get(parent)
            if told is not None and told.is_directory:
                continue
            self._tell_gone(parent, time_ns)
            self._send(Event(kind=Kind.DIRECTORY_CREATED, path=parent, time_ns=time_ns))
            self._told[parent] = _Told(0, None)
            self.changed(parent, time_ns)

    def _below(self, path: str) -> list[str]:
        if not path:
            return list(self._told)
        return [known for known in self._told if known.startswith(f"{path}/")]

    def _may_be(self, path: str, inode: int) -> bool:
        """Whether what was moved to ``path`` is what readers know: it lies there, or has moved on since."""
        try:
            return os.lstat(self._folder / path).st_ino == inode
        except OSError:
            return True


def _measure(file: BinaryIO) -> tuple[int, str]:
    digest = hashlib.sha256()
    size = 0
    while content := file.read(PART_BYTES):
        digest.update(content)
        size += len(content)
    return size, digest.hexdigest()

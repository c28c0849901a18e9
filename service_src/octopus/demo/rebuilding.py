"""Rebuilds a folder from events alone, and refuses whatever does not fit."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from octopus.demo.errors import DemoError, InvalidEventError
from octopus.demo.events import Event, Kind


class DivergenceError(DemoError):
    """An event does not fit the folder: one before it is missing, or content is not what its hash says."""


@dataclass
class _Incoming:
    """A file of which not all parts are there."""

    file: BinaryIO
    sha256: str
    parts: int
    next_part: int = 0
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)


class Rebuilder:
    """A folder that follows events. Files come into sight whole or not at all.

    Args:
        folder: the tree; it is made.
        staging: where files lie until all their parts are there; on the same file system.
    """

    def __init__(self, folder: Path, *, staging: Path) -> None:
        folder.mkdir(parents=True)
        staging.mkdir(parents=True)
        self._root = folder.resolve()
        self._staging = staging
        self._incoming: dict[str, _Incoming] = {}
        self._sha256: dict[str, str] = {}
        self._sequence = 0
        self.ended = False
        """Whether the run's last event came."""

    def apply(self, event: Event) -> None:
        """Do to the folder what the event says was done to the watched one.

        Raises:
            InvalidEventError: a path leaves the folder.
            DivergenceError: the event does not fit what came before.
        """
        if event.sequence != self._sequence:
            raise DivergenceError(f"event {self._sequence} was due, and {event.sequence} came")
        self._sequence += 1
        if event.kind in (Kind.RUN_BEGAN, Kind.RUN_ENDED):
            self.ended = event.kind is Kind.RUN_ENDED
            return
        path = self._inside(event.path)
        try:
            match event.kind:
                case Kind.DIRECTORY_CREATED:
                    path.mkdir()
                case Kind.DIRECTORY_DELETED:
                    path.rmdir()
                case Kind.DIRECTORY_MOVED:
                    self._move_directory(event, path)
                case Kind.FILE_WRITTEN:
                    self._write(event, path)
                case Kind.FILE_MOVED:
                    self._move_file(event, path)
                case Kind.FILE_DELETED:
                    self._forget(event.path, event.sha256)
                    path.unlink()
        except OSError as error:
            raise DivergenceError(f"{event.kind} {event.path!r} can't be followed: {error}") from error

    def _write(self, event: Event, path: Path) -> None:
        if event.part == 0:
            self._drop(event.path)
            name = hashlib.sha256(os.fsencode(event.path)).hexdigest()
            file = (self._staging / name).open("wb")
            self._incoming[event.path] = _Incoming(file, event.sha256 or "", event.parts)
        incoming = self._incoming.get(event.path)
        if incoming is None or event.part != incoming.next_part or event.sha256 != incoming.sha256:
            raise DivergenceError(f"part {event.part} of {event.path!r} came out of turn")
        incoming.file.write(event.content)
        incoming.digest.update(event.content)
        incoming.next_part += 1
        if incoming.next_part < incoming.parts:
            return
        incoming.file.close()
        if incoming.digest.hexdigest() != incoming.sha256:
            raise DivergenceError(f"the content of {event.path!r} is not what its SHA-256 says")
        Path(incoming.file.name).replace(path)
        del self._incoming[event.path]
        self._sha256[event.path] = incoming.sha256

    def _move_file(self, event: Event, path: Path) -> None:
        source = event.moved_from or ""
        self._forget(source, event.sha256)
        self._inside(source).replace(path)
        self._sha256[event.path] = event.sha256 or ""

    def _move_directory(self, event: Event, path: Path) -> None:
        source = event.moved_from or ""
        self._inside(source).rename(path)
        for below in [below for below in self._sha256 if below.startswith(f"{source}/")]:
            self._sha256[event.path + below[len(source) :]] = self._sha256.pop(below)

    def _forget(self, path: str, sha256: str | None) -> None:
        held = self._sha256.pop(path, None)
        if held != sha256:
            raise DivergenceError(f"{path!r} should have SHA-256 {sha256} and has {held}")

    def _drop(self, path: str) -> None:
        incoming = self._incoming.pop(path, None)
        if incoming is not None:
            incoming.file.close()

    def _inside(self, path: str) -> Path:
        """The path in the folder; events come from a topic, so they may say anything."""
        names = path.split("/")
        if "\0" in path or any(name in ("", ".", "..") for name in names):
            raise InvalidEventError(f"the path {path!r} is not one below the folder")
        whole = self._root.joinpath(*names)
        if not whole.parent.resolve().is_relative_to(self._root):
            raise InvalidEventError(f"the path {path!r} leads out of the folder")
        return whole

    def close(self) -> None:
        """Drop files that never became whole."""
        for path in list(self._incoming):
            self._drop(path)

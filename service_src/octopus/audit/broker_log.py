"""The audit log that the plugin of a broker writes, followed over its rotation.

Each file is known by its first line, which has a time and never changes: neither its name, which changes
when it is rotated, nor its inode, which another file may have later, says which file it is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import structlog

LONGEST_LINE = 64 << 10
"""Bytes; whatever is longer is no line of the plugin's, and passed over."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, order=True)
class Position:
    """How far a log was read. Later is greater."""

    began: str
    """Time in the first line of the file."""
    file: str
    """SHA-256 of that line."""
    offset: int
    """Bytes of the file."""

    def is_in(self, other: Position) -> bool:
        """Whether both are in the same file."""
        return (self.began, self.file) == (other.began, other.file)


def lines_after(log: Path, position: Position | None) -> Iterator[tuple[bytes, Position]]:
    """Every whole line behind a position, oldest first, each with the position behind it.

    What was rotated away altogether meanwhile is lost. A line that is still being written is for later.

    Args:
        log: the file that the broker writes; those that were rotated lie beside it, ``<name>.<anything>``.
        position: where an earlier reading ended; None for the beginning of the oldest file.
    """
    with ExitStack() as opened:
        files = _files(log, opened)
        if position and files and not any(start.is_in(position) for start in files):
            _log.warning(
                "broker_log.gap", log=str(log), reason="files were rotated away before they were read"
            )
        for start in sorted(files):
            here = start
            if position is not None:
                if start < position and not start.is_in(position):
                    continue
                here = max(start, position) if start.is_in(position) else start
            yield from _lines(files[start], here)


def _files(log: Path, opened: ExitStack) -> dict[Position, BinaryIO]:
    """The log's files, open, by their beginnings; without those that hold no whole line yet."""
    found: dict[Position, BinaryIO] = {}
    for path in (log, *log.parent.glob(f"{log.name}.*")):
        try:
            file = opened.enter_context(path.open("rb"))
        except FileNotFoundError:
            continue  # rotated just now: it has another name, under which it comes
        except OSError as error:
            _log.warning("broker_log.unreadable", log=str(path), reason=error.strerror)
            continue
        first = file.readline(LONGEST_LINE)
        began = _time_of(first)
        if began is not None:
            found[Position(began, hashlib.sha256(first).hexdigest(), 0)] = file
    return found


def _time_of(line: bytes) -> str | None:
    if not line.endswith(b"\n"):
        return None
    try:
        return str(json.loads(line)["time"])
    except (ValueError, TypeError, KeyError):
        return None


def _lines(file: BinaryIO, position: Position) -> Iterator[tuple[bytes, Position]]:
    offset = position.offset
    file.seek(offset)
    whole = True
    while line := file.readline(LONGEST_LINE):
        ended = line.endswith(b"\n")
        if not ended and len(line) < LONGEST_LINE:
            return
        offset += len(line)
        if ended and whole:
            yield line, Position(position.began, position.file, offset)
        whole = ended

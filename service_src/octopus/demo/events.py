"""The event format: what happened to one path of a watched folder.

A Kafka record holds one event. Its key is the path, as the file system's own bytes, so that a path's events
keep their order whatever the number of partitions. Its value is a JSON object on one line, a line feed, and
the content (nothing but for ``file.written``)::

    {"type": "file.written", "path": "email/charset.py", "sequence": 17, "time_ns": 1760000000000000000,
     "sha256": "...", "size": 300000, "part": 0, "parts": 2}\\n<the part's bytes>

``sequence`` counts a run's events without a gap, so that a reader can prove that none is missing. ``sha256``
is the whole file's: after the event, or before it when the file is gone; it is absent for a directory. A move
has ``moved_from`` too. A file comes in parts of 256 KiB at most; it stands when its last part is there, and
part 0 starts it anew.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from enum import StrEnum

from octopus.demo.errors import InvalidEventError

PART_BYTES = 256 * 1024
"""Of content in one record: well below the 1 MB that a broker takes by default."""


class Kind(StrEnum):
    """What happened, as the event's ``type`` says it."""

    DIRECTORY_CREATED = "directory.created"
    DIRECTORY_MOVED = "directory.moved"
    """With all that is below it."""
    DIRECTORY_DELETED = "directory.deleted"
    """It is empty: what was below it was deleted by events of its own."""
    FILE_WRITTEN = "file.written"
    FILE_MOVED = "file.moved"
    """What stood at the new path is replaced."""
    FILE_DELETED = "file.deleted"
    RUN_BEGAN = "run.began"
    """The instrument will watch as soon as the brokers have this; the path is empty."""
    RUN_ENDED = "run.ended"
    """The instrument saw everything up to here and stops; the path is empty."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event; see the module's description."""

    kind: Kind
    path: str
    """Below the watched folder, with ``/``; bytes that are no UTF-8 as ``os.fsdecode`` gives them."""
    time_ns: int
    """When the file system's event came, in ns since the epoch."""
    sequence: int = 0
    moved_from: str | None = None
    sha256: str | None = None
    """Hexadecimal."""
    size: int = 0
    """Bytes of the whole file."""
    part: int = 0
    parts: int = 1
    content: bytes = b""


def encode(event: Event) -> tuple[bytes, bytes]:
    """The record's key and value."""
    header: dict[str, str | int] = {
        "type": event.kind.value,
        "path": event.path,
        "sequence": event.sequence,
        "time_ns": event.time_ns,
    }
    if event.moved_from is not None:
        header["moved_from"] = event.moved_from
    if event.sha256 is not None:
        header["sha256"] = event.sha256
    if event.kind is Kind.FILE_WRITTEN:
        header |= {"size": event.size, "part": event.part, "parts": event.parts}
    # JSON escapes what is not ASCII, also the half characters that stand for bytes that are no UTF-8.
    return os.fsencode(event.path), json.dumps(header).encode() + b"\n" + event.content


def decode(value: bytes | None) -> Event:
    """The event of a record's value.

    Raises:
        InvalidEventError: it is none, or a field is missing or has a wrong type or range.
    """
    line, separator, content = (value or b"").partition(b"\n")
    try:
        header = json.loads(line)
    except ValueError as error:
        raise InvalidEventError("the record's first line is not JSON") from error
    if not separator or not isinstance(header, dict):
        raise InvalidEventError("the record does not begin with a JSON object on a line of its own")
    name = _text(header, "type")
    try:
        kind = Kind(name)
    except ValueError as error:
        raise InvalidEventError(f"unknown type {name!r}") from error
    written = kind is Kind.FILE_WRITTEN
    event = Event(
        kind=kind,
        path=_text(header, "path"),
        time_ns=_number(header, "time_ns"),
        sequence=_number(header, "sequence"),
        moved_from=_text(header, "moved_from") if kind in (Kind.FILE_MOVED, Kind.DIRECTORY_MOVED) else None,
        sha256=_text(header, "sha256") if kind.startswith("file.") else None,
        size=_number(header, "size") if written else 0,
        part=_number(header, "part") if written else 0,
        parts=_number(header, "parts") if written else 1,
        content=content,
    )
    if event.part >= event.parts:
        raise InvalidEventError(f"part {event.part} of {event.parts}: parts count from 0")
    return event


def _text(header: dict[str, object], name: str) -> str:
    value = header.get(name)
    if not isinstance(value, str):
        raise InvalidEventError(f"{name} must be a string: {value!r}")
    return value


def _number(header: dict[str, object], name: str) -> int:
    value = header.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InvalidEventError(f"{name} must be a whole number, 0 or more: {value!r}")
    return value

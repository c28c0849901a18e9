from __future__ import annotations

import os

import pytest

from octopus.demo.errors import InvalidEventError
from octopus.demo.events import Event, Kind, decode, encode

_EVENTS = [
    Event(kind=Kind.RUN_BEGAN, path="", time_ns=1),
    Event(kind=Kind.DIRECTORY_CREATED, path="a", time_ns=2, sequence=1),
    Event(
        kind=Kind.FILE_WRITTEN,
        path="a/grüße",
        time_ns=3,
        sequence=2,
        sha256="00ff",
        size=5,
        part=1,
        parts=2,
        content=b"\n{\x00\n",
    ),
    Event(kind=Kind.FILE_MOVED, path="b", moved_from="a/grüße", time_ns=4, sequence=3, sha256="00ff"),
    Event(kind=Kind.DIRECTORY_MOVED, path="c", moved_from="a", time_ns=5, sequence=4),
    Event(kind=Kind.FILE_DELETED, path=os.fsdecode(b"latin-\xe9"), time_ns=6, sequence=5, sha256="00ff"),
    Event(kind=Kind.DIRECTORY_DELETED, path="c", time_ns=7, sequence=6),
    Event(kind=Kind.RUN_ENDED, path="", time_ns=8, sequence=7),
]


@pytest.mark.parametrize("event", _EVENTS, ids=lambda event: event.kind.value)
def test_event_comes_back_as_it_was(event: Event) -> None:
    assert decode(encode(event)[1]) == event


@pytest.mark.parametrize("event", _EVENTS, ids=lambda event: event.kind.value)
def test_key_is_the_path_in_the_file_systems_bytes(event: Event) -> None:
    assert encode(event)[0] == os.fsencode(event.path)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "not JSON"),
        (b"", "not JSON"),
        (b"\xff\n", "not JSON"),
        (b"[1]\n", "JSON object"),
        (b'{"type": "run.ended", "path": "", "sequence": 0, "time_ns": 0}', "line of its own"),
        (b'{"path": "", "sequence": 0, "time_ns": 0}\n', "type must be a string"),
        (b'{"type": "file.burnt", "path": "", "sequence": 0, "time_ns": 0}\n', "'file.burnt'"),
        (b'{"type": "run.ended", "path": 7, "sequence": 0, "time_ns": 0}\n', "path must be a string: 7"),
        (b'{"type": "run.ended", "path": "", "sequence": -1, "time_ns": 0}\n', "sequence must be a whole"),
        (b'{"type": "run.ended", "path": "", "sequence": true, "time_ns": 0}\n', "sequence must be a whole"),
        (b'{"type": "directory.moved", "path": "a", "sequence": 0, "time_ns": 0}\n', "moved_from must be"),
        (b'{"type": "file.deleted", "path": "a", "sequence": 0, "time_ns": 0}\n', "sha256 must be"),
        (
            b'{"type":"file.written","path":"a","sequence":0,"time_ns":0,"sha256":"","size":0,"part":1,"parts":1}\n',
            "part 1 of 1",
        ),
    ],
)
def test_record_that_is_no_event_is_refused_with_the_reason(value: bytes | None, reason: str) -> None:
    with pytest.raises(InvalidEventError, match=reason):
        decode(value)

"""A topic's records in a file of JSON Lines.

One object a line: partition, offset, timestamp (ms since the epoch; null if there is none), timestamp_type
(``CreateTime`` or ``LogAppendTime``), key and value (base64, or null), headers (pairs of name and base64, or
null).
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from octopus.copying.snapshot import Record, Snapshot
from octopus.copying.topics import Progress

_UNFINISHED = ".part"


def export(settings: Mapping[str, Any], *, topic: str, group: str, file: Path, progress: Progress) -> int:
    """The file holds each record that the topic holds now, in order of offset within each partition.

    Until it is whole it has the ending ``.part``, and is begun anew.

    Args:
        settings: librdkafka's, with a key that may read the topic.
        topic: full name.
        group: a consumer group that the key may use.
        file: to write; must not exist.

    Returns:
        How many records were written.

    Raises:
        NotFoundError, ForbiddenError: there is no such topic, or the key may not read it.
        KafkaAwayError: no answer.
        OSError: the file cannot be written.
    """
    unfinished = file.with_name(f"{file.name}{_UNFINISHED}")
    written = 0
    with Snapshot(settings, topic, group=group) as snapshot, unfinished.open("w", encoding="ascii") as lines:
        for written, record in enumerate(snapshot.records(), start=1):
            lines.write(json.dumps(as_json(record), separators=(",", ":")) + "\n")
            progress(written)
    unfinished.rename(file)
    return written


def as_json(record: Record) -> dict[str, Any]:
    """One record as a line holds it."""
    return {
        "partition": record.partition,
        "offset": record.offset,
        "timestamp": record.timestamp_ms,
        "timestamp_type": "CreateTime" if record.from_writer else "LogAppendTime",
        "key": _encoded(record.key),
        "value": _encoded(record.value),
        "headers": [[name, _encoded(value)] for name, value in record.headers],
    }


def _encoded(content: bytes | None) -> str | None:
    return None if content is None else b64encode(content).decode()

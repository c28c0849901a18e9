"""Records as a broker stores and sends them, as far as tests must look into them."""

from __future__ import annotations

import struct


def value_of_last(records: bytes) -> bytes:
    """The value of the last record of what is stored uncompressed, when it is short and has no headers."""
    no_headers = 1
    for length in range(64):
        at = len(records) - no_headers - length
        if records[at - 1] == 2 * length:
            return records[at : len(records) - no_headers]
    raise AssertionError("no short record stands at the end")


def after(records: bytes) -> int:
    """The offset that follows the last of some whole batches."""
    offset = at = 0
    while at < len(records):
        base, length = struct.unpack_from(">qi", records, at)
        (last_delta,) = struct.unpack_from(">i", records, at + 23)
        offset = base + last_delta + 1
        at += 12 + length
    return int(offset)

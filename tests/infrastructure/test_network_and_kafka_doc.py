"""What ``docs/network-and-kafka.md`` says in numbers."""

from __future__ import annotations

import re

from stacks.settings import brokers
from tests.infrastructure.synthesis import ROOT

PAGE = ROOT / "docs" / "network-and-kafka.md"
SIZE = re.compile(r"^\| `((kafka|express)\.[a-z0-9.]+)` \| ([0-9| ]+) \|$", re.M)


def test_partitions_that_brokers_hold_are_those_that_synth_checks() -> None:
    rows = SIZE.findall(PAGE.read_text())
    assert len(rows) == 9
    for size, family, cells in rows:
        kafka = "msk-express" if family == "express" else "msk-standard"
        told = [int(cell) for cell in cells.split(" | ")]
        assert told == [
            brokers.SIZES[kafka][size],
            *(brokers.partitions(kafka, size=size, count=count, copies=3) for count in (3, 6, 9)),
        ]

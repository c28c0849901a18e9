from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import pytest
from rich.console import Console

from octopus.demo.compare import Comparison
from octopus.demo.intruder import Attempt
from octopus.demo.report import Outcome, percentile, print_report
from octopus.demo.workload import Phase
from octopus.fabric.settings import FabricSettings

_SAME = Comparison(files=1137, bytes=10**7, directories=9, same=1137, different=[], missing=[], extra=[])
_GOOD = Outcome(
    phases=[
        Phase("copied", 1_000_000_000, files=1200, ended_ns=2_000_000_000),
        Phase("renamed", 3_000_000_000, files=10, ended_ns=4_000_000_000),
    ],
    receipts=[
        (900_000_000, 10**6, 80, "run.began"),
        (1_000_000_000, 10**6, 10**6, "file.written"),
        (1_500_000_000, 500 * 10**6, 10**6, "file.written"),
        (3_500_000_000, 2 * 10**6, 200, "file.moved"),
        (9_000_000_000, 10**6, 80, "run.ended"),
    ],
    acknowledged=5,
    losses=0,
    comparison=_SAME,
    attempts=[Attempt(what="write a record", through="Kafka", refused=True, answer="NOT_ALLOWED: no")],
)


def _printed(outcome: Outcome, tmp_path: Path) -> str:
    console = Console(file=io.StringIO(), width=140)
    settings = FabricSettings(home=tmp_path)
    print_report(outcome, console=console, settings=settings, topic="ns-1.demo-files", up=False)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_percentile_is_one_of_the_values() -> None:
    assert percentile([1.0, 2.0, 3.0, 4.0], 50) == 2.0
    assert percentile([1.0, 2.0, 3.0, 4.0], 99) == 4.0
    assert percentile([7.0], 50) == 7.0


def test_good_outcome_has_no_failure_and_says_where_to_look(tmp_path: Path) -> None:
    assert _GOOD.failures() == []
    printed = _printed(_GOOD, tmp_path)
    for words in ("1137 of 1137 files are the same", "NOT_ALLOWED: no", "octopus up", "ns-1.demo-files"):
        assert words in printed


def test_speed_counts_the_changes_alone(tmp_path: Path) -> None:
    rows = [line.split() for line in _printed(_GOOD, tmp_path).splitlines()]
    assert ["copied", "1200", "2", "2.0", "1.00", "2", "2.0", "1.0", "500.0"] in rows
    assert ["all", "1210", "3", "2.0", "1.50", "2", "1.3", "2.0", "500.0"] in rows


@pytest.mark.parametrize(
    ("change", "failure"),
    [
        ({"comparison": dataclasses.replace(_SAME, extra=["x"])}, "the mirror differs"),
        ({"comparison": dataclasses.replace(_SAME, files=999)}, "under 1000"),
        ({"acknowledged": 6}, "6 events were acknowledged and 5 received"),
        (
            {"attempts": [dataclasses.replace(_GOOD.attempts[0], refused=False)]},
            "somebody else could write a record",
        ),
    ],
)
def test_anything_amiss_is_a_failure(change: dict[str, object], failure: str, tmp_path: Path) -> None:
    outcome = dataclasses.replace(_GOOD, **change)  # type: ignore[arg-type]
    assert any(failure in found for found in outcome.failures())
    assert failure in " ".join(_printed(outcome, tmp_path).split())

"""What 1,000 active principals cost the judge, idle and refreshed each second as by one broker.

The judge and an emulator run by themselves: ``python -m load_tests.judge_principals``.
"""

from __future__ import annotations

import argparse
import datetime
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from load_tests.errors import BenchmarkError
from load_tests.processor import cpu_seconds
from octopus.fabric.settings import project_root
from octopus.judge.store import OVERLAP
from tests.emulator import running_emulator
from tests.integration.judge.conftest import judge_environment
from tests.integration.judge.institution import Institution, Tenant
from tests.integration.judge.plugin import Plugin
from tests.ports import free_port

LISTINGS = 3
LISTED_EVERY = 20
"""Seconds: a round spans whole listings of IAM, which come in this rhythm."""
_RESULT = Path(__file__).parent / "results" / "judge-principals.md"
_TABLE = """\
# The judge and its principals, {date}

CPU-seconds a second of the judge's whole process over {seconds} s, {cores} cores, load average {load}.
Each second one batch asks for all of them, as one broker does; every answer was "unchanged".

| principals | CPU-s/s | answer to a batch, median ms | longest ms | oldest reading s |
|---:|---:|---:|---:|---:|
{rows}
"""


@dataclass(frozen=True)
class Round:
    """One round's figures."""

    principals: int
    cpu: float
    """CPU-seconds a second."""
    median_ms: float
    longest_ms: float
    oldest_s: float

    def row(self) -> str:
        """As a line of the table."""
        return (
            f"| {self.principals:,} | {self.cpu:.3f} | {self.median_ms:.1f} | {self.longest_ms:.0f}"
            f" | {self.oldest_s:.1f} |"
        )


def main() -> int:
    """Measure, print the table and write it; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m load_tests.judge_principals", description=__doc__)
    parser.add_argument("--principals", type=int, default=1000)
    wanted = parser.parse_args().principals
    seconds = LISTINGS * LISTED_EVERY
    with _institution() as (institution, judge, pid):
        idle = _measure(judge, pid, [], seconds)
        with ThreadPoolExecutor(4) as makers:
            tenants = list(makers.map(lambda _: institution.tenant(), range(wanted)))
        # Until then each look at the log of changes would meet all these new accounts again.
        time.sleep(OVERLAP.total_seconds())
        active = _measure(judge, pid, tenants, seconds)
    table = _TABLE.format(
        date=f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}",
        seconds=seconds,
        cores=os.cpu_count(),
        load=f"{os.getloadavg()[0]:.1f}",
        rows="\n".join(each.row() for each in (idle, active)),
    )
    sys.stdout.write(table)
    if wanted == parser.get_default("principals"):
        _RESULT.write_text(table)
    return 0


@contextmanager
def _institution() -> Iterator[tuple[Institution, Plugin, int]]:
    with (
        tempfile.TemporaryDirectory(dir=project_root() / ".cache") as home,
        running_emulator(Path(home)) as emulator,
    ):
        institution = Institution(emulator)
        port, log_path = free_port(), Path(home) / "judge.log"
        with log_path.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "octopus.judge"],
                env=judge_environment(institution, emulator, port),
                stdout=log,
                stderr=log,
            )
        judge = Plugin(port, log_path)
        try:
            _await(judge.is_healthy, "the judge did not start")
            yield institution, judge, process.pid
        finally:
            process.terminate()
            process.wait(timeout=60)
            judge.http.close()
            institution.close()


def _measure(judge: Plugin, pid: int, tenants: list[Tenant], seconds: int) -> Round:
    versions: dict[str, str] = {}

    def batch() -> list[dict[str, object]]:
        return judge.policies(
            *(
                {
                    "principal": tenant.subject,
                    "access_key_id": tenant.access_key_id,
                    "version": versions.get(tenant.access_key_id, ""),
                }
                for tenant in tenants
            )
        )

    def settled() -> bool:
        answers = batch()
        versions.update(
            {str(each["access_key_id"]): str(each["version"]) for each in answers if "version" in each}
        )
        return all(each.get("unchanged") for each in answers)

    _await(settled, "the judge did not get to know every principal")
    taken, ages = [], [0.0]
    before, began = cpu_seconds({"judge": pid})["judge"], time.monotonic()
    for number in range(seconds):
        time.sleep(max(0.0, began + number - time.monotonic()))
        asked = time.perf_counter()
        answers = batch()
        taken.append((time.perf_counter() - asked) * 1000)
        if other := [answer for answer in answers if not answer.get("unchanged")]:
            raise BenchmarkError(f"{len(other)} answers were not 'unchanged', such as {other[0]}")
        ages += [float(str(answer["age_ms"])) / 1000 for answer in answers]
    passed = time.monotonic() - began
    used = cpu_seconds({"judge": pid})["judge"] - before
    return Round(len(tenants), used / passed, statistics.median(taken), max(taken), max(ages))


def _await(condition: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + 180
    while not condition():
        if time.monotonic() > deadline:
            raise BenchmarkError(otherwise)
        time.sleep(0.5)


if __name__ == "__main__":
    sys.exit(main())

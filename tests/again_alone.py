"""The whole suite, whose integration tests get a second run alone: ``scripts/test --again-alone``.

Beside two others on two cores a real broker or service is now and then too slow for some client that nobody
here wrote. What fails so passes once everything else has ended; what is broken fails again. Only few are
tried again, and only those of real processes: many at once are no accident, and nothing else depends on load.
Nor does what ends a process or is left behind by one, and it may well not come again.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from tests import failed_reports

ROOT = Path(__file__).parents[1]
FAILED = ROOT / ".cache" / "failed-tests"
MOST = 3
"""Failures that may be accidents of one run."""
REAL_PROCESSES = "tests/integration/"

# What xdist says of a test whose process ended, and pytest of what nobody could catch.
_NEVER_SLOWNESS = re.compile(
    r"^worker '\w+' crashed|PytestUnraisableExceptionWarning|PytestUnhandledThreadExceptionWarning",
    re.MULTILINE,
)

Run = Callable[[Sequence[str]], int]
"""Runs pytest with these arguments, and returns its exit status."""


def main(arguments: Sequence[str], *, run: Run, reports: Path) -> int:
    """The exit status of the suite.

    Args:
        arguments: of the run of everything.
        reports: the file for what failed in it.
    """
    status = run([*failed_reports.arguments(reports), *arguments])
    if status != pytest.ExitCode.TESTS_FAILED:
        return status
    failed = failed_reports.read(reports)
    if not failed or len(failed) > MOST or not all(map(_may_be_slowness, failed, failed.values())):
        return status
    _say(f"Tried again alone: {', '.join(failed)}")
    # Each in a process of its own, so that no other folder's processes run beside it; in the same form, and
    # in a folder of its own, so that the logs of what failed stay.
    form = [each for before, each in pairwise(["", *arguments]) if "-m" in (before, each)]
    again = [
        test
        for number, test in enumerate(failed, 1)
        if run([f"--basetemp=.cache/pytest-again-{number}", *form, test]) != pytest.ExitCode.OK
    ]
    for test, said in failed.items():
        _say(f"failed beside others, {'and alone' if test in again else 'passed alone'}: {test}")
        _say(f"  beside others: {_last_line(said)}")
    return status if again else pytest.ExitCode.OK


def _may_be_slowness(test: str, said: str) -> bool:
    # Without a test's name it is a file that could not be read.
    return test.startswith(REAL_PROCESSES) and "::" in test and not _NEVER_SLOWNESS.search(said)


def _last_line(said: str) -> str:
    """Where a test broke and with which exception, as pytest ends its account."""
    return (said.splitlines() or [""])[-1]


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _run(arguments: Sequence[str]) -> int:
    return subprocess.run([ROOT / "scripts" / "test", *arguments], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], run=_run, reports=FAILED))

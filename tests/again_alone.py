"""The whole suite, whose integration tests get a second run alone: ``scripts/test --again-alone``.

Beside two others on two cores a real broker or service is now and then too slow for some client that nobody
here wrote. What fails so passes once everything else has ended; what is broken fails again. Only few are
tried again, and only those of real processes: many at once are no accident, and nothing else depends on load.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CACHE = Path(".cache") / "pytest-last"
"""Where pytest writes down what failed: apart from that of tests which somebody runs by hand meanwhile."""
MOST = 3
"""Failures that may be accidents of one run."""
REAL_PROCESSES = "tests/integration/"

Run = Callable[[Sequence[str]], int]
"""Runs pytest with these arguments, and returns its exit status."""


def main(arguments: Sequence[str], *, run: Run, cache: Path) -> int:
    """The exit status of the suite.

    Args:
        arguments: of the run of everything.
        cache: where pytest keeps what it knows of the last run.
    """
    status = run(["-o", f"cache_dir={cache}", "--cache-clear", *arguments])
    if status != pytest.ExitCode.TESTS_FAILED:
        return status
    failed = last_failed(cache)
    if not failed or len(failed) > MOST or not all(map(_is_of_real_processes, failed)):
        return status
    _say(f"Tried again alone: {', '.join(failed)}")
    # Each in a process of its own, so that no other folder's processes run beside it; in the same form.
    form = [each for before, each in pairwise(["", *arguments]) if "-m" in (before, each)]
    again = [test for test in failed if run(["-o", f"cache_dir={cache}", *form, test]) != pytest.ExitCode.OK]
    for test in failed:
        _say(f"failed beside others, {'and alone' if test in again else 'passed alone'}: {test}")
    return status if again else pytest.ExitCode.OK


def last_failed(cache: Path) -> list[str]:
    """What failed in the last run, as pytest's cache provider has it (``--last-failed``)."""
    file = cache / "v" / "cache" / "lastfailed"
    return sorted(json.loads(file.read_text())) if file.exists() else []


def _is_of_real_processes(test: str) -> bool:
    # Without a test's name it is a file that could not be read.
    return test.startswith(REAL_PROCESSES) and "::" in test


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _run(arguments: Sequence[str]) -> int:
    return subprocess.run([ROOT / "scripts" / "test", *arguments], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], run=_run, cache=ROOT / CACHE))

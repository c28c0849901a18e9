"""What fails beside others and passes alone fails no run; everything else does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests import failed_reports
from tests.again_alone import ROOT, main

ONE, OTHER = "tests/integration/judge/test_judge.py::test_a", "tests/integration/broker/test_b.py::test_b[x]"
SLOW = "E   TimeoutError\n\ntests/integration/judge/test_judge.py:7: TimeoutError"


class Pytest:
    """Fails these tests beside others, with what is said of them, and those alone."""

    def __init__(
        self, folder: Path, beside: Mapping[str, str], alone: Sequence[str] = (), status: int = 1
    ) -> None:
        self.runs: list[list[str]] = []
        self.reports = folder / "failed-tests"
        self._beside, self._alone, self._status = beside, alone, status

    def __call__(self, arguments: Sequence[str]) -> int:
        if self.runs:
            self.runs.append(list(arguments))
            return int(arguments[-1] in self._alone)
        asked = failed_reports.arguments(self.reports)
        assert list(arguments[: len(asked)]) == asked
        self.runs.append(list(arguments[len(asked) :]))
        self.reports.write_text(
            "".join(f"{failed_reports.line(test, said)}\n" for test, said in self._beside.items())
        )
        return self._status if self._beside else 0

    def status(self, *arguments: str) -> int:
        """Run everything, and what failed again."""
        return main(arguments, run=self, reports=self.reports)


def test_run_without_a_failure_is_not_repeated(tmp_path: Path) -> None:
    run = Pytest(tmp_path, {})
    assert run.status("-n", "3") == 0
    assert run.runs == [["-n", "3"]]


def test_failures_that_pass_alone_are_named_and_fail_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Pytest(tmp_path, {OTHER: SLOW, ONE: SLOW})
    assert run.status("-n", "3", "-m", "not long") == 0
    assert run.runs == [
        ["-n", "3", "-m", "not long"],
        ["--basetemp=.cache/pytest-again-1", "-m", "not long", OTHER],
        ["--basetemp=.cache/pytest-again-2", "-m", "not long", ONE],
    ]
    said = "  beside others: tests/integration/judge/test_judge.py:7: TimeoutError"
    assert capsys.readouterr().out.splitlines()[-4:] == [
        f"failed beside others, passed alone: {OTHER}",
        said,
        f"failed beside others, passed alone: {ONE}",
        said,
    ]


def test_test_that_fails_alone_too_fails_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = Pytest(tmp_path, {ONE: SLOW, OTHER: SLOW}, alone=[ONE])
    assert run.status() == 1
    assert f"failed beside others, and alone: {ONE}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "beside",
    [
        [ONE, "tests/unit/iam/test_names.py::test_c"],
        ["tests/infrastructure/test_checks.py::test_d"],
        ["tests/integration/judge/test_judge.py"],
        [f"{ONE}[{number}]" for number in range(4)],
    ],
    ids=["unit", "infrastructure", "unreadable", "four"],
)
def test_what_is_no_accident_fails_the_run_at_once(tmp_path: Path, beside: list[str]) -> None:
    run = Pytest(tmp_path, dict.fromkeys(beside, SLOW))
    assert run.status() == 1
    assert len(run.runs) == 1


def test_run_that_was_broken_off_keeps_its_status(tmp_path: Path) -> None:
    run = Pytest(tmp_path, {ONE: SLOW}, status=2)
    assert run.status() == 2
    assert len(run.runs) == 1


_FAILING = {
    "crash": "def test_it():\n    import os\n    os._exit(1)\n",
    "thread": (
        "import threading\n"
        "def test_it():\n    thread = threading.Thread(target=lambda: 1 / 0)\n"
        "    thread.start()\n    thread.join()\n"
    ),
    "unraisable": "class Left:\n    def __del__(self):\n        1 / 0\ndef test_it():\n    Left()\n",
    "teardown": (
        "import pytest\n@pytest.fixture\ndef left():\n    yield\n    raise TimeoutError\n"
        "def test_it(left):\n    assert False\n"
    ),
}


@pytest.mark.parametrize(
    ("how", "tried"), [("crash", False), ("thread", False), ("unraisable", False), ("teardown", True)]
)
def test_crash_and_exception_that_nobody_catches_are_never_tried_again(
    how: str, tried: bool, tmp_path: Path
) -> None:
    """As pytest and xdist report them, in a tree of its own."""
    tests = tmp_path / "tests" / "integration"
    tests.mkdir(parents=True)
    (tests / "test_one.py").write_text(_FAILING[how])
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    runs: list[list[str]] = []

    def run(arguments: Sequence[str]) -> int:
        runs.append(list(arguments))
        if len(runs) > 1:
            return 0
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-q", f"--basetemp={tmp_path / 'made'}", *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
        ).returncode

    reports = tmp_path / "failed-tests"
    test = "tests/integration/test_one.py::test_it"
    status = main(["-n", "1"], run=run, reports=reports)
    assert failed_reports.read(reports).keys() == {test}
    assert (status, [each[-1] for each in runs[1:]]) == ((0, [test]) if tried else (1, []))

"""What fails beside others and passes alone fails no run; everything else does."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.again_alone import main

ONE, OTHER = "tests/integration/judge/test_judge.py::test_a", "tests/integration/broker/test_b.py::test_b[x]"


class Pytest:
    """Fails these tests beside others, and those alone."""

    def __init__(
        self, cache: Path, beside: Sequence[str], alone: Sequence[str] = (), status: int = 1
    ) -> None:
        self.runs: list[list[str]] = []
        self._cache, self._beside, self._alone, self._status = cache, beside, alone, status

    def __call__(self, arguments: Sequence[str]) -> int:
        self.runs.append([each for each in arguments if "cache" not in each and each != "-o"])
        if len(self.runs) == 1:
            file = self._cache / "v" / "cache" / "lastfailed"
            file.parent.mkdir(parents=True)
            file.write_text(json.dumps(dict.fromkeys(self._beside, True)))
            return self._status if self._beside else 0
        return int(arguments[-1] in self._alone)


def test_run_without_a_failure_is_not_repeated(tmp_path: Path) -> None:
    run = Pytest(tmp_path, [])
    assert main(["-n", "3"], run=run, cache=tmp_path) == 0
    assert run.runs == [["-n", "3"]]


def test_failures_that_pass_alone_are_named_and_fail_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Pytest(tmp_path, [ONE, OTHER])
    assert main(["-n", "3", "-m", "not long"], run=run, cache=tmp_path) == 0
    assert run.runs == [["-n", "3", "-m", "not long"], ["-m", "not long", OTHER], ["-m", "not long", ONE]]
    assert capsys.readouterr().out.splitlines()[-2:] == [
        f"failed beside others, passed alone: {OTHER}",
        f"failed beside others, passed alone: {ONE}",
    ]


def test_test_that_fails_alone_too_fails_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = Pytest(tmp_path, [ONE, OTHER], alone=[ONE])
    assert main([], run=run, cache=tmp_path) == 1
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
    run = Pytest(tmp_path, beside)
    assert main([], run=run, cache=tmp_path) == 1
    assert len(run.runs) == 1


def test_run_that_was_broken_off_keeps_its_status(tmp_path: Path) -> None:
    run = Pytest(tmp_path, [ONE], status=2)
    assert main([], run=run, cache=tmp_path) == 2
    assert len(run.runs) == 1

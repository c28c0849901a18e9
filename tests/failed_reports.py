"""Writes down which tests failed, and what of: ``-p tests.failed_reports --failed-reports=FILE``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

_OPTION = "--failed-reports"


def arguments(file: Path) -> list[str]:
    """What has pytest write into a file."""
    return ["-p", __name__, f"{_OPTION}={file}"]


def line(test: str, said: str) -> str:
    """One of the file's, of a test or of a file that could not be read."""
    return json.dumps([test, said])


def read(file: Path) -> Mapping[str, str]:
    """What is said of each test that failed, its setup and its teardown included; empty without a file."""
    said: dict[str, str] = {}
    for test, text in map(json.loads, file.read_text().splitlines() if file.exists() else ()):
        said[test] = f"{said[test]}\n{text}" if test in said else text
    return said


class _Written:
    def __init__(self, file: Path) -> None:
        self._file = file
        file.unlink(missing_ok=True)

    def _write(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.failed:
            with self._file.open("a") as file:
                file.write(f"{line(report.nodeid, report.longreprtext)}\n")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._write(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._write(report)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the file's name."""
    parser.addoption(_OPTION, type=Path, help="where to write what failed, a line of JSON each")


def pytest_configure(config: pytest.Config) -> None:
    """Write where the reports of all workers come together."""
    file = config.getoption(_OPTION)
    if file and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Written(file))

"""Commands in this process, at a web service that answers what a test says and keeps what it was asked."""

from __future__ import annotations

from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from typer.testing import CliRunner, Result

from octopus.cli.app import app

SUBJECT = "7d8d8c1e-0d5c-4b0e-9f57-3f2a5c1b9e44"
NAMESPACE = "ns-3f2a5c1b9e44"


class Service:
    """Stands for `octopus.cli.session.Session`.

    Args:
        answers: replies by method and path, without the query.
    """

    subject = SUBJECT
    authorization = "Bearer new"
    url = "http://service.test"

    def __init__(self, answers: dict[str, dict[str, Any]]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, dict[str, str], object]] = []
        """Method and path, query, body."""

    def call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """See `Session.call`."""
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        self.asked.append((f"{method} {parts.path}", query, body))
        return {"status": "success", "message": "done", **self.answers[f"{method} {parts.path}"]}

    def used_by(self, monkeypatch: pytest.MonkeyPatch, *modules: ModuleType) -> Service:
        """What commands of these modules ask."""
        for module in modules:
            monkeypatch.setattr(module, "open_session", lambda _name: self)
        return self


def run(*words: str, answer: str = "") -> Result:
    """What a command does, on a terminal that is 80 columns wide."""
    return CliRunner().invoke(app, list(words), input=answer, env={"COLUMNS": "80"})


def done(*words: str, answer: str = "") -> str:
    """What a command that must succeed prints, questions aside."""
    outcome = run(*words, answer=answer)
    assert outcome.exit_code == 0, outcome.exception or outcome.output
    return str(outcome.stdout)

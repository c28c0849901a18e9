"""``octopus project delete``, and the export of what a caller may read."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from octopus.cli import copying, project
from octopus.copying import files
from octopus.errors import NotFoundError
from tests.unit.cli.shell import Service, done, run

PLAN = {"topics": ["frames"], "groups": ["lab.readers"], "grants": 3}


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    found = [{"name": f"lab.{name}", "mine": name != "listed"} for name in ("frames", "logs", "listed")]
    answers: dict[str, dict[str, Any]] = {
        "DELETE projects/lab": {"plan": PLAN},
        "GET search": {"topics": found, "next": None},
        "GET lab/frames": {"name": "lab.frames", "rights": ["manage", "read"]},
        "GET lab/logs": {"name": "lab.logs", "rights": ["write"]},
    }
    return Service(answers).used_by(monkeypatch, project, copying)


def test_end_shows_its_plan_before_it_asks(service: Service) -> None:
    shown = done("project", "delete", "lab", answer="y\n")

    assert shown.splitlines()[:3] == [
        "done",
        "  lab: topics frames; groups lab.readers",
        "    grants and memberships: 3",
    ]
    paths = [(path, query) for path, query, _ in service.asked]
    assert paths == [("DELETE projects/lab", {"dry_run": "true"}), ("DELETE projects/lab", {})]


def test_program_is_given_one_document_and_asked_nothing(service: Service) -> None:
    assert run("project", "delete", "lab", "--json", answer="y\n").exit_code == 2
    assert service.asked == []

    assert json.loads(done("project", "delete", "lab", "--json", "--dry-run"))["plan"] == PLAN
    assert json.loads(done("project", "delete", "lab", "--json", "--yes"))["status"] == "success"


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Topics whose records were asked for."""
    topics: list[str] = []

    def export(_settings: object, *, topic: str, **_rest: object) -> int:
        topics.append(topic)
        return 5

    kafka = SimpleNamespace(namespace="ns-3f2a5c1b9e44", settings=dict)
    monkeypatch.setattr(copying, "open_kafka", lambda *_: kafka)
    monkeypatch.setattr(files, "export", export)
    return topics


@pytest.mark.usefixtures("service")
def test_export_leaves_out_by_name_what_the_caller_may_not_read(exported: list[str], tmp_path: Path) -> None:
    shown = done("project", "export", "lab", str(tmp_path))

    assert exported == ["lab.frames"]
    assert "lab.logs is left out: you may not read it" in shown
    (described,) = json.loads((tmp_path / "lab.topics.json").read_text())
    assert described["name"] == "lab.frames"
    answer = json.loads(done("project", "export", "lab", str(tmp_path / "again"), "--json"))
    assert (answer["records"], answer["not_readable"]) == ({"lab.frames": 5}, ["lab.logs"])


def test_export_of_nothing_that_may_be_read_is_refused(
    service: Service, exported: list[str], tmp_path: Path
) -> None:
    service.answers["GET lab/frames"]["rights"] = ["write"]

    outcome = run("project", "export", "lab", str(tmp_path / "made"))

    assert isinstance(outcome.exception, NotFoundError)
    assert exported == []
    assert not (tmp_path / "made").exists()

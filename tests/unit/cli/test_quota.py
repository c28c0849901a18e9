"""Quotas on the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from octopus.cli import app as root
from octopus.cli import quota
from octopus.errors import InvalidError
from octopus.quotas.models import Holder, Limit, Limits, Quota

SUBJECT = "7d8d8c1e-0d5c-4b0e-9f57-3f2a5c1b9e44"
QUOTAS = {
    Limit.TOPICS: Quota(limit=200, in_use=12, source="fabric"),
    Limit.RETENTION_BYTES: Quota(limit=4 << 30, in_use=1 << 30, source="fabric"),
    Limit.GROUPS: Quota(limit=5, in_use=None, source="operator"),
    Limit.PRODUCE_BYTES: Quota(limit=0, in_use=None, source="operator"),
}


class Quotas:
    """Remembers what was set."""

    def __init__(self) -> None:
        self.calls: list[tuple[Holder, Mapping[Limit, int | None]]] = []

    def of(self, _holder: Holder) -> dict[Limit, Quota]:
        return QUOTAS

    def set(self, holder: Holder, changes: Mapping[Limit, int | None]) -> Limits:
        self.calls.append((holder, changes))
        return {limit: value for limit, value in changes.items() if value is not None}


class Service:
    """Answers as a session does."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def call(self, _method: str, path: str) -> dict[str, Any]:
        self.asked.append(path)
        return {"quotas": {limit: one.model_dump() for limit, one in QUOTAS.items()}}


def run(*words: str) -> str:
    outcome = CliRunner().invoke(root.app, list(words), catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.output
    return str(outcome.output)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    made = Service()
    monkeypatch.setattr(quota, "open_session", lambda _as_name: made)
    return made


@pytest.fixture
def quotas(monkeypatch: pytest.MonkeyPatch) -> Quotas:
    made = Quotas()

    @contextmanager
    def features_of(institution: str) -> Iterator[SimpleNamespace]:
        assert institution == "anl"
        yield SimpleNamespace(quotas=made)

    monkeypatch.setattr(quota, "features_of", features_of)
    return made


def row(shown: str, name: str) -> list[str]:
    (line,) = [line for line in shown.splitlines() if line.startswith(name)]
    return line.split("  ")[0:1] + [word.strip() for word in line.split("  ")[1:] if word.strip()]


def test_limits_are_shown_for_a_person_to_read(service: Service) -> None:
    shown = run("quota")

    assert service.asked == ["quota"]
    assert row(shown, "topics") == ["topics", "12", "200", "fabric"]
    assert row(shown, "retention_bytes") == ["retention_bytes", "1,024 MiB", "4,096 MiB", "fabric"]
    assert row(shown, "groups") == ["groups", "5", "operator"]
    assert row(shown, "produce_bytes") == ["produce_bytes", "no limit", "operator"]


def test_project_is_asked_for_by_its_name_whatever_is_in_it(service: Service) -> None:
    run("quota", "--project", "lab&x=1")

    assert service.asked == ["quota?project=lab%26x%3D1"]


def test_user_is_told_from_a_project_by_his_uuid(quotas: Quotas) -> None:
    run("platform", "quota", "set", SUBJECT.upper(), "topics=5", "--institution", "anl")
    run("platform", "quota", "set", "beamline-7", "topics=5", "--institution", "anl")

    assert [holder for holder, _ in quotas.calls] == [Holder(SUBJECT, False), Holder("beamline-7", True)]


def test_several_limits_are_set_at_once_and_taken_back_by_default(quotas: Quotas) -> None:
    shown = json.loads(
        run(
            "platform",
            "quota",
            "set",
            SUBJECT,
            "topics=5",
            "requests=default",
            "--institution",
            "anl",
            "--json",
        )
    )

    assert quotas.calls == [(Holder(SUBJECT, False), {Limit.TOPICS: 5, Limit.REQUESTS: None})]
    assert shown["limits"] == {"topics": 5}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("topic=5", "limit: must be one of projects, .* received 'topic'"),
        ("topics", "topics: must be a whole number or default, received ''"),
        ("topics=-1", "topics: must be a whole number or default, received '-1'"),
        ("topics=²", "topics: must be a whole number"),
    ],
)
def test_limit_that_cannot_be_set_is_named(quotas: Quotas, text: str, message: str) -> None:
    with pytest.raises(InvalidError, match=message):
        run("platform", "quota", "set", SUBJECT, text, "--institution", "anl")

    assert quotas.calls == []


def test_operator_sees_what_is_in_use(quotas: Quotas) -> None:
    shown = json.loads(run("platform", "quota", "show", SUBJECT, "--institution", "anl", "--json"))

    assert shown["quotas"]["topics"] == {"limit": 200, "in_use": 12, "source": "fabric"}

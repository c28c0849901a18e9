"""``octopus topic ...``: what each command asks for, and what it shows of the answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from octopus.cli import topics
from tests.unit.cli.shell import NAMESPACE, Service, done, run

PATH = f"{NAMESPACE}/readings"
CHANGES = {
    "changes": [
        {"field": "retention_ms", "before": 604800000, "after": None},
        {"field": "tags", "before": ["x-ray"], "after": []},
    ],
    "refused": [{"field": "partitions", "reason": "2 to 64; received 1"}],
}
LISTED = {
    "name": "lab.frames",
    "mine": False,
    "about": {"description": "Frames", "contact": ""},
}


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    answers: dict[str, dict[str, Any]] = {
        f"PATCH {PATH}": CHANGES,
        f"POST {PATH}/records/delete": {"earliest": {"0": 120, "1": 7}},
        "GET search": {"topics": [LISTED], "next": None},
        f"GET {PATH}": {
            "name": f"{NAMESPACE}.readings",
            "rights": ["read"],
            "about": {"description": "", "tags": ["x-ray"], "public": False},
            "settings": {"partitions": 2},
            "chosen": [],
            "topic_id": "id",
            "offsets": {"0": {"earliest": 3, "latest": 9}},
        },
    }
    return Service(answers).used_by(monkeypatch, topics)


def test_settings_are_changed_and_given_back_to_their_defaults(service: Service) -> None:
    shown = done("topic", "set", "readings", "--partitions", "4", "--not-listed", "--default", "retention_ms")

    assert service.asked == [(f"PATCH {PATH}", {}, {"partitions": 4, "listed": False, "retention_ms": None})]
    assert shown.splitlines() == [
        "done",
        "retention_ms: 604800000 -> -",
        "tags: x-ray -> -",
        "not possible: partitions: 2 to 64; received 1",
    ]


def test_dry_run_of_a_change_is_asked_for_as_one(service: Service) -> None:
    done("topic", "set", "readings", "--tag", "a", "--tag", "b", "--dry-run")

    assert service.asked == [(f"PATCH {PATH}", {"dry_run": "true"}, {"tags": ["a", "b"]})]


def test_setting_that_is_set_and_given_back_is_refused(service: Service) -> None:
    refused = run("topic", "set", "readings", "--partitions", "4", "--default", "partitions")

    assert refused.exit_code == 2
    assert "partitions: set, and given back to the default" in refused.output
    assert service.asked == []


@pytest.mark.parametrize(
    ("words", "offsets"),
    [(["--all"], "all"), (["--before", "0=120", "--before", "1=7"], {"0": 120, "1": 7})],
)
def test_oldest_records_are_deleted(service: Service, words: list[str], offsets: object) -> None:
    shown = done("topic", "delete-records", "readings", *words)

    assert service.asked == [(f"POST {PATH}/records/delete", {}, {"offsets": offsets})]
    assert shown.splitlines() == ["done", "partition 0 begins at 120", "partition 1 begins at 7"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "name either --before or --all"),
        (["--all", "--before", "0=1"], "name either --before or --all"),
        (["--before", "0:120"], "--before is written PARTITION=OFFSET"),
    ],
)
def test_records_that_are_not_named_are_not_deleted(service: Service, words: list[str], said: str) -> None:
    refused = run("topic", "delete-records", "readings", *words)

    assert refused.exit_code == 2
    assert said in refused.output
    assert service.asked == []


def test_topics_of_a_project_are_listed(service: Service) -> None:
    shown = done("topic", "list", "--project", "lab")

    assert service.asked == [("GET search", {"namespace": "lab", "limit": "1000"}, None)]
    assert shown.splitlines()[1].split() == ["frames", "lab.frames"]


def test_topics_are_found_by_words_and_a_tag(service: Service) -> None:
    shown = done("topic", "search", "frames", "raw", "--tag", "x-ray")

    assert service.asked == [("GET search", {"q": "frames raw", "tag": "x-ray", "limit": "1000"}, None)]
    assert shown.splitlines()[1].split("  ")[0] == "lab.frames"
    assert "ask for it" in shown
    assert json.loads(done("topic", "search", "frames", "--json"))["topics"] == [LISTED]


def test_topic_is_described_by_a_line_for_each_field(service: Service) -> None:
    assert done("topic", "describe", "readings").splitlines() == [
        f"name         {NAMESPACE}.readings",
        "you may      read",
        "description  -",
        "tags         x-ray",
        "public       no",
        "topic id     id",
        "partitions   2 (the brokers' default)",
        "partition 0  offsets 3 to 9",
    ]

"""Commands about groups on a fabric of sessions: each is for the namespaces whose groups are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from octopus.cli import group, kafka
from octopus.cli.kafka import KafkaAccess
from octopus.groups.models import Group, Move, PartitionLag
from tests.unit.cli.shell import NAMESPACE, Service, done

KEY = {"endpoint": "broker.example.org:9098", "access_key": "AKIA1", "secret_key": "secret"}
PROJECTS = [
    {"name": "beamline-7", "my_rights": ["member", "read", "write"]},
    {"name": "frozen", "my_rights": ["read"]},
]


class Groups:
    """Those that one key or session may see: of what it was opened for."""

    def __init__(self, topics: Sequence[str]) -> None:
        self.topics = topics

    def list(self) -> Sequence[Group]:
        names = [topic.replace(".*", ".readers") for topic in self.topics]
        return [Group(name=name, state="empty", protocol="consumer", members=()) for name in names]

    def lag(self, name: str) -> Sequence[PartitionLag]:
        assert f"{name.partition('.')[0]}.*" in self.topics, "it may not describe the group"
        return []

    def plan(self, name: str, _target: object, _selection: object) -> Sequence[Move]:
        self.lag(name)
        return []


@pytest.fixture
def service(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Service:
    """A fabric of sessions, or of that kind of credentials."""
    credentials = getattr(request, "param", "session")
    answers: dict[str, dict[str, Any]] = {
        "GET public/about": {"credentials": credentials, "kafka_regions": ["us-east-1"]},
        "GET namespace": {"namespaces": {NAMESPACE: [], "ns-of-before": []}},
        "GET projects": {"projects": PROJECTS, "next": None},
        "POST key": KEY,
        "POST sessions": {**KEY, "session_token": "token"},
    }
    made = Service(answers).used_by(monkeypatch, kafka, group)

    def groups(_access: KafkaAccess) -> Groups:
        path, _, body = next(one for one in reversed(made.asked) if one[0].startswith("POST"))
        assert isinstance(body, dict) == (path == "POST sessions")
        return Groups(body["topics"] if isinstance(body, dict) else [f"{NAMESPACE}.*", "beamline-7.*"])

    monkeypatch.setattr(group, "_groups", groups)
    return made


def opened(service: Service) -> list[Any]:
    return [
        body["topics"]
        for path, _, body in service.asked
        if path == "POST sessions" and isinstance(body, dict)
    ]


def test_list_opens_a_session_for_each_namespace_whose_groups_are_the_callers(service: Service) -> None:
    shown = done("group", "list")

    assert opened(service) == [[f"{NAMESPACE}.*"], ["beamline-7.*"], ["ns-of-before.*"]]
    found = [
        name for name in (NAMESPACE, "beamline-7", "ns-of-before", "frozen") if f"{name}.readers" in shown
    ]
    assert found == [NAMESPACE, "beamline-7", "ns-of-before"]


@pytest.mark.parametrize("service", ["iam-user"], indirect=True)
def test_list_asks_once_with_a_key(service: Service) -> None:
    done("group", "list")

    assert [path for path, *_ in service.asked] == ["GET public/about", "POST key"]


@pytest.mark.parametrize(
    ("words", "topics"),
    [
        (["lag", "readers"], [f"{NAMESPACE}.*"]),
        (["lag", "beamline-7.readers"], ["beamline-7.*"]),
        (["reset", "beamline-7.readers", "--to", "earliest"], ["beamline-7.*"]),
        (
            ["reset", "beamline-7.readers", "--to", "earliest", "--topic", "frames:0"],
            ["beamline-7.*", "beamline-7.frames"],
        ),
        (
            ["reset", "readers", "--to", "earliest", "--topic", "beamline-7.frames"],
            [f"{NAMESPACE}.*", "beamline-7.frames"],
        ),
    ],
)
def test_session_is_for_the_groups_namespace_and_the_topic_that_is_named(
    service: Service, words: list[str], topics: list[str]
) -> None:
    done("group", *words, "--dry-run") if words[0] == "reset" else done("group", *words)

    assert opened(service) == [topics]

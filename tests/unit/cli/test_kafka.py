"""What commands sign with at Kafka: a key, or a session where the fabric issues none."""

from __future__ import annotations

from typing import Any

import pytest

from octopus.cli import config, copying, kafka
from octopus.cli.kafka import open_kafka
from octopus.copying import topics as copying_topics
from tests.unit.cli.shell import NAMESPACE, Service, run

KEY = {"endpoint": "broker.example.org:9098", "access_key": "AKIA1", "secret_key": "secret"}
OPENED = {**KEY, "access_key": "ASIA1", "session_token": "token"}


def fabric(credentials: str, *regions: str) -> Service:
    return Service(
        {
            "GET public/about": {"credentials": credentials, "kafka_regions": list(regions)},
            "POST key": KEY,
            "POST sessions": OPENED,
        }
    )


def test_key_is_used_where_there_are_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    service = fabric("iam-user", "eu-west-1", "us-east-1").used_by(monkeypatch, kafka)

    access = open_kafka(None, None)

    assert (access.access_key, access.session_token, access.region) == ("AKIA1", None, "us-east-1")
    assert [path for path, *_ in service.asked] == ["GET public/about", "POST key"]


def test_session_is_opened_where_there_are_none_and_signs_for_the_clusters_region(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = fabric("session", "eu-west-1").used_by(monkeypatch, kafka)

    access = open_kafka(None, None)

    assert (access.access_key, access.session_token, access.region) == ("ASIA1", "token", "eu-west-1")
    wanted = {"topics": [f"{NAMESPACE}.*"], "actions": ["read", "write"]}
    assert service.asked[-1] == ("POST sessions", {}, wanted)
    assert access.settings()["bootstrap.servers"] == KEY["endpoint"]


def test_copy_asks_for_a_session_of_its_two_topics(monkeypatch: pytest.MonkeyPatch) -> None:
    service = fabric("session", "us-east-1").used_by(monkeypatch, kafka, copying)
    copied: list[dict[str, Any]] = []

    def copy(_settings: object, **told: Any) -> dict[int, int]:
        copied.append(told)
        return {0: 3}

    monkeypatch.setattr(copying_topics, "copy", copy)

    assert run("topic", "copy", "events", "lab.events").exit_code == 0

    assert service.asked[-1][2] == {
        "topics": [f"{NAMESPACE}.events", "lab.events"],
        "actions": ["read", "write"],
    }
    assert [told["destination"] for told in copied] == ["lab.events"]


def test_secrets_of_a_session_are_written_into_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    fabric("session", "us-east-1").used_by(monkeypatch, kafka)
    monkeypatch.setattr(config, "namespace_of_groups", lambda *_: NAMESPACE)

    refused = run("config", "python", "--with-secrets")

    assert refused.exit_code == 2
    assert "sessions only" in refused.output
    assert run("config", "python").exit_code == 0

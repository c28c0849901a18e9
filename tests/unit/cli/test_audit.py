"""The audit on the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from typer.testing import CliRunner

from octopus import aws
from octopus.audit.events import Event
from octopus.audit.reading import Query, Reader
from octopus.audit.service import Audit
from octopus.audit.trail import Trail
from octopus.cli import app as root
from octopus.cli import audit
from octopus.pages import Page
from tests.trail import recorded

EVENT = {
    "id": "1",
    "type": "grant.given",
    "time": "2026-11-22T11:35:02Z",
    "actor": "ada",
    "subject": None,
    "namespace": "lab",
    "topic": "events",
    "data": {"right": "read", "until": None},
}


class Service:
    """Answers as a session does, with one event a page, as many pages as there are."""

    def __init__(self, pages: int) -> None:
        self.asked: list[dict[str, str]] = []
        self.pages = pages

    def call(self, _method: str, path: str) -> dict[str, Any]:
        query = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
        self.asked.append(query)
        number = int(query.get("after", "0"))
        last = number + 1 == self.pages
        return {"events": [{**EVENT, "id": str(number)}], "next": None if last else str(number + 1)}


def run(*words: str) -> str:
    outcome = CliRunner().invoke(root.app, list(words), catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.output
    return str(outcome.output)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    made = Service(3)
    monkeypatch.setattr(audit, "open_session", lambda _as_name: made)
    return made


def test_so_many_events_are_fetched_page_by_page(service: Service) -> None:
    shown = json.loads(run("audit", "--limit", "2", "--json"))

    assert [event["id"] for event in shown["events"]] == ["0", "1"]
    assert service.asked == [{"limit": "2"}, {"limit": "1", "after": "1"}]
    assert len(json.loads(run("audit", "--json"))["events"]) == 3


def test_place_time_and_type_are_asked_for(service: Service) -> None:
    output = run(
        "audit", "lab.events", "--since", "2026-11-22", "--until", "2026-11-23T12:00+02:00", "--type", "grant"
    )

    assert service.asked[0] == {
        "namespace": "lab",
        "topic": "events",
        "since": "2026-11-22T00:00:00+00:00",
        "until": "2026-11-23T12:00:00+02:00",
        "type": "grant",
        "limit": "100",
    }
    assert "grant.given" in output
    assert "lab.events" in output
    assert "until" not in output, "what has no value is not shown"


def test_time_may_be_told_as_so_long_ago(service: Service) -> None:
    run("audit", "--since", "12h")

    since = datetime.fromisoformat(service.asked[0]["since"])
    assert abs(datetime.now(UTC) - timedelta(hours=12) - since) < timedelta(minutes=1)


def test_time_that_is_none_is_refused(service: Service) -> None:
    outcome = CliRunner().invoke(root.app, ["audit", "--since", "yesterday"])

    assert outcome.exit_code != 0
    assert service.asked == []


def test_operator_reads_what_happened_to_anybody(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Query, Mapping[str, str | None]]] = []
    event = Event(type="key.issued", actor="s", subject="s")

    class Everything(Audit):
        def __init__(self) -> None:
            pass

        def of_fabric(
            self, query: Query, *, namespace: str | None = None, subject: str | None = None
        ) -> Page[Event]:
            asked.append((query, {"namespace": namespace, "subject": subject}))
            return Page([event], None)

    @contextmanager
    def features(_institution: str) -> Iterator[Any]:
        yield SimpleNamespace(audit=Everything())

    monkeypatch.setattr(audit, "features_of", features)

    output = run("platform", "audit", "--institution", "lab", "--subject", "s", "--type", "key", "--json")

    (shown,) = json.loads(output)["events"]
    assert (shown["id"], shown["type"], shown["actor"]) == (event.id, "key.issued", "s")
    assert asked == [(Query(type="key"), {"namespace": None, "subject": "s"})]


def test_operator_narrows_the_audit_to_a_namespace_or_a_person(database: Any, table: str) -> None:
    trail, reader = Trail(database, table, kept_days=30), Reader(database, table, kept_days=30)
    first = Event(type="grant.given", actor="a", subject="s", namespace="lab")
    trail.record(first, replace(first, id="2", subject="other"), replace(first, id="3", namespace="else"))
    everything = Audit(reader, access=SimpleNamespace())  # type: ignore[arg-type]  # operators need no right

    def ids(**narrowed: str) -> set[str]:
        return {event.id for event in everything.of_fabric(Query(), **narrowed).entries}

    assert ids() == {first.id, "2", "3"}
    assert ids(namespace="lab") == {first.id, "2"}
    assert ids(subject="s") == {first.id, "3"}
    assert ids(namespace="lab", subject="s") == {first.id}


def test_refusals_of_a_broker_elsewhere_are_shipped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database: Any, table: str
) -> None:
    monkeypatch.setattr(aws, "dynamodb", lambda: database)
    deployed = SimpleNamespace(registry_table=table, audit_days=30)
    monkeypatch.setattr(audit, "settings_of", lambda _institution: deployed)
    log = tmp_path / "audit.log"
    line = {
        "time": "2026-11-22T05:00:00.123Z",
        "principal": "",
        "access_key_id": "AKIA1",
        "action": "kafka-cluster:Connect",
        "resource": "arn:aws:kafka:us-east-1:000000000000:cluster/octopus-lab/u",
        "outcome": "deny",
        "count": 1,
    }
    log.write_text(json.dumps(line) + "\n")

    for _ in range(2):
        run("platform", "ship-audit", str(log), "--institution", "lab", "--once")

    (event,) = recorded(database, table)
    assert (event.type, event.actor, event.data["access_key_id"]) == ("kafka.denied", "nobody", "AKIA1")


def test_event_is_read_on_a_terminal_of_80_columns(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    who = "7d8d8c1e-0d5c-4b0e-9f57-3f2a5c1b9e44"
    event = {
        **EVENT,
        "time": "2026-11-22T11:35:02.123456Z",
        "actor": who,
        "data": {"right": "read", "grantee": who, "shown_as": "somebody-with-a-name@example.org"},
    }
    monkeypatch.setitem(globals(), "EVENT", event)

    assert run("audit", "--limit", "1").splitlines() == [
        "2026-11-22 11:35:02  grant.given  by 7d8d8c1e…  lab.events",
        "                     right read, grantee 7d8d8c1e…, shown_as",
        "                     somebody-with-a-name@example.org",
    ]
    assert json.loads(run("audit", "--limit", "1", "--json"))["events"][0]["actor"] == who

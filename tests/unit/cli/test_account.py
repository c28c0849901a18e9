"""``octopus account move | delete | wipe``: the plan, the question, and then the request."""

from __future__ import annotations

import json

import pytest

from octopus.cli import account
from octopus.cli.session import Session
from tests.unit.cli.shell import NAMESPACE, SUBJECT, Service, done, run

OLD = "b4e0d0c2-5b3c-4d4e-9a52-0f5d5b0c7d11"
FOUND = {
    "subject": OLD,
    "name": "ada@old.example",
    "namespaces": {"ns-0f5d5b0c7d11": ["events"]},
    "memberships": [{}],
    "grants": [{}],
    "use": {"keys": 1},
}
CONTENTS = {
    "topics": ["events"],
    "groups": [f"{NAMESPACE}.readers"],
    "grants": [{"topic": "events", "right": "read", "name": None, "to": OLD}],
}
PLAN = {
    "namespaces": {NAMESPACE: CONTENTS},
    "keys": 1,
    "sessions": 2,
    "received": 3,
    "hindrances": [],
}
SHOWN = [f"  {NAMESPACE}: topics events; groups {NAMESPACE}.readers", f"    events: read of {OLD}"]


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    """Of the new identity; the old one is logged in as by ``--from``."""
    made = Service(
        {
            "POST account/move": {},
            "DELETE account": {"plan": PLAN},
            f"DELETE account/namespaces/{NAMESPACE}": {"namespace": NAMESPACE, "contents": CONTENTS},
            "POST account/wipe": {"namespace": NAMESPACE, "contents": CONTENTS, "groups_in_use": ["g"]},
        }
    ).used_by(monkeypatch, account)

    def as_old(session: Session, method: str, path: str, _body: object = None) -> object:
        assert (session.authorization, method, path) == ("Bearer old", "GET", "account")
        return FOUND

    monkeypatch.setattr(Session, "call", as_old)
    old = Session(subject=OLD, authorization="Bearer old", url="http://service.test")
    monkeypatch.setattr(account, "open_session", lambda name: old if name == "old" else made)
    return made


def test_move_shows_what_comes_along_and_hands_the_old_token_over(service: Service) -> None:
    shown = done("account", "move", "--from", "old", "--as", "new", answer="y\n")

    assert shown.splitlines()[:3] == [
        f"{OLD} ada@old.example",
        "  namespace ns-0f5d5b0c7d11: events",
        "  2 grants and memberships; its 1 keys end",
    ]
    assert service.asked == [("POST account/move", {}, {"token": "old"})]


def test_move_that_is_not_wanted_is_none(service: Service) -> None:
    outcome = run("account", "move", "--from", "old", answer="n\n")

    assert outcome.exit_code == 1
    assert f"Move all of it to {SUBJECT}?" in outcome.stderr
    assert service.asked == []


def test_move_takes_the_token_from_a_file_and_asks_no_program(service: Service) -> None:
    assert run("account", "move", "--token-file", "-", "--json", answer="old\n").exit_code == 2
    assert service.asked == []

    assert json.loads(done("account", "move", "--token-file", "-", "--yes", "--json", answer="old\n")) == {
        "status": "success",
        "message": "done",
    }
    assert service.asked == [("POST account/move", {}, {"token": "old"})]


def test_old_identity_is_named_once(service: Service) -> None:
    assert run("account", "move", "--from", "old", "--token-file", "-", answer="t").exit_code == 2
    assert service.asked == []


def test_deletion_shows_its_plan_before_it_asks(service: Service) -> None:
    shown = done("account", "delete", answer="y\n")

    assert shown.splitlines()[:4] == ["done", *SHOWN, "  1 keys, 2 sessions, 3 grants of others"]
    assert service.asked == [("DELETE account", {"dry_run": "true"}, None), ("DELETE account", {}, None)]


def test_deletion_that_would_be_refused_is_not_asked_for(service: Service) -> None:
    service.answers["DELETE account"] = {"plan": {**PLAN, "hindrances": ["user is the only owner"]}}

    outcome = run("account", "delete", answer="y\n")

    assert outcome.exit_code == 1
    assert "It will be refused: user is the only owner" in outcome.output
    assert service.asked == [("DELETE account", {"dry_run": "true"}, None)]


def test_further_namespace_is_deleted_alone(service: Service) -> None:
    shown = done("account", "delete", "--namespace", NAMESPACE, "--dry-run")

    assert shown.splitlines() == ["done", *SHOWN]
    assert service.asked == [(f"DELETE account/namespaces/{NAMESPACE}", {"dry_run": "true"}, None)]


def test_wipe_names_what_consumers_keep(service: Service) -> None:
    shown = done("account", "wipe", "--yes")

    assert shown.splitlines() == ["done", "Left, because consumers are in them: g"]
    assert service.asked == [("POST account/wipe", {}, None)]

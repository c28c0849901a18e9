"""``octopus stand-in``: identities and groups of this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from octopus.cli.app import app
from octopus.errors import InvalidError, NotFoundError
from octopus.fabric.errors import FabricError
from octopus.fabric.settings import PUBLISHED_CLIENT_ID
from octopus.globus.groups import Groups
from octopus.globus.store import IdentityStore


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[IdentityStore]:
    """The store of a fabric that was up."""
    monkeypatch.setenv("OCTOPUS_HOME", str(tmp_path))
    with IdentityStore(tmp_path / "globus" / "identities.sqlite") as opened:
        yield opened


def run(*arguments: str) -> dict[str, Any]:
    result = CliRunner().invoke(app, ["stand-in", *arguments, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def test_identities_are_linked_and_taken_apart(store: IdentityStore) -> None:
    assert run("link", "alice", "alice-at-home")["identities"] == [
        "alice@stand-in.octopus",
        "alice-at-home@stand-in.octopus",
    ]
    alice = store.ensure_identity("alice")
    assert len(store.identity_set(alice.id)) == 2
    run("unlink", "alice")
    assert store.identity_set(alice.id) == [alice]


def test_group_is_made_changed_listed_and_deleted(store: IdentityStore) -> None:
    group = run("group", "create", "beamline", "--admin", "alice")["group"]
    assert run("group", "add", "beamline", "bob")["members"] == {
        "alice": "admin",
        "fabric": "manager",
        "bob": "member",
    }
    run("group", "add", group, "bob", "--role", "manager")
    run("group", "remove", group, "fabric")
    assert run("group", "list")["groups"] == [
        {"group": group, "name": "beamline", "members": {"alice": "admin", "bob": "manager"}}
    ]
    run("group", "delete", "beamline")
    assert Groups(store.database).list_groups() == []


def test_hidden_group_keeps_the_fabric_out(store: IdentityStore) -> None:
    group = run("group", "create", "private", "--admin", "alice", "--hidden")["group"]
    [alone] = Groups(store.database).list_groups()
    assert alone.id == group
    assert not alone.visible_to({PUBLISHED_CLIENT_ID})


def test_group_that_is_not_there_or_not_the_only_one_is_refused(store: IdentityStore) -> None:
    with pytest.raises(NotFoundError, match="no group 'nowhere'"):
        run("group", "add", "nowhere", "bob")
    for _ in range(2):
        run("group", "create", "twins", "--admin", "alice")
    with pytest.raises(InvalidError, match="several groups"):
        run("group", "delete", "twins")


def test_fabric_that_was_never_up_has_no_identities(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOPUS_HOME", str(tmp_path))
    with pytest.raises(FabricError, match="octopus up"):
        run("group", "list")


def test_fabric_with_the_real_globus_is_left_alone(
    store: IdentityStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCTOPUS_GLOBUS_AUTH_URL", "https://auth.globus.org/")
    with pytest.raises(FabricError, match="groups are made there"):
        run("link", "alice", "bob")

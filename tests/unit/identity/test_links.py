"""Linked identities in the registry, as introspection has them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from octopus.access.refresh import Refreshes
from octopus.audit.trail import Trail
from octopus.errors import UnavailableError
from octopus.identity import links
from octopus.identity.links import IdentityLinks
from octopus.identity.models import Caller
from octopus.identity.service import MOST_LINKED
from octopus.registry.reading import read_rows
from tests.trail import recorded

ALICE = "6f1c8f3e-1111-4222-8333-1234567890ab"
AT_WORK, AT_HOME = (str(uuid.uuid4()) for _ in range(2))
START = datetime(2026, 11, 22, 12, tzinfo=UTC)


class World:
    def __init__(self, database: Any, table: str) -> None:
        self.database, self.table = database, table
        self.now = START
        self.refreshed: list[str] = []
        self.refresh: Callable[[str], None] = self.refreshed.append
        self.links = IdentityLinks(
            database,
            table,
            refreshes=Refreshes(
                database, table, refresh=lambda subject: self.refresh(subject), clock=self.clock
            ),
            trail=Trail(database, table, kept_days=1),
            clock=self.clock,
        )

    def clock(self) -> float:
        return self.now.timestamp()

    def account(self, state: str | None) -> None:
        """Alice's account is in this state, or there is none."""
        key = {"pk": {"S": f"SUBJECT#{ALICE}"}, "sk": {"S": "ACCOUNT"}}
        if state is None:
            self.database.delete_item(TableName=self.table, Key=key)
        else:
            self.database.put_item(TableName=self.table, Item={**key, "state": {"S": state}})

    def seen(self, *linked: str, username: str = "alice@example.org", email: str | None = None) -> bool:
        caller = Caller(ALICE, username, expires=2**40, scopes=frozenset(), linked=frozenset(linked))
        return self.links.seen(caller, email)

    def row(self) -> dict[str, Any]:
        key = {"pk": {"S": f"SUBJECT#{ALICE}"}, "sk": {"S": "IDENTITIES"}}
        found: dict[str, Any] = self.database.get_item(TableName=self.table, Key=key)["Item"]
        return found

    def linked_to_alice(self) -> set[str]:
        items = self.database.scan(TableName=self.table)["Items"]
        return {
            item["pk"]["S"].removeprefix("IDENTITY#")
            for item in items
            if item["sk"]["S"] == f"SUBJECT#{ALICE}"
        }

    def pending(self) -> set[str]:
        items = self.database.scan(TableName=self.table)["Items"]
        return {item["sk"]["S"] for item in items if item["pk"]["S"] == "PENDING#access"}


@pytest.fixture
def world(database: Any, table: str) -> World:
    """Alice has an account."""
    made = World(database, table)
    made.account("active")
    return made


def test_person_with_one_identity_is_known_by_name_and_nothing_is_refreshed(world: World) -> None:
    world.seen(email="alice@lab.example.org")
    row = world.row()
    assert row["username"]["S"] == "alice@example.org"
    assert row["email"]["S"] == "alice@lab.example.org"
    assert "linked" not in row
    assert (world.refreshed, world.pending(), recorded(world.database, world.table)) == ([], set(), [])


def test_links_are_written_both_ways_and_policies_anew_at_once(world: World) -> None:
    world.seen(AT_WORK, AT_HOME)
    assert set(world.row()["linked"]["SS"]) == world.linked_to_alice() == {AT_WORK, AT_HOME}
    assert (world.refreshed, world.pending()) == ([ALICE], set())
    [event] = recorded(world.database, world.table)
    assert (event.type, event.actor, event.subject) == ("account.identities_changed", ALICE, ALICE)
    assert event.data == {"linked": sorted((AT_WORK, AT_HOME)), "unlinked": []}


def test_link_that_is_gone_is_forgotten(world: World) -> None:
    world.seen(AT_WORK, AT_HOME)
    world.seen(AT_HOME)
    assert set(world.row()["linked"]["SS"]) == world.linked_to_alice() == {AT_HOME}
    world.seen()
    assert "linked" not in world.row()
    assert world.linked_to_alice() == set()
    assert world.refreshed == [ALICE] * 3
    told = [event.data["unlinked"] for event in recorded(world.database, world.table)]
    assert sorted(map(str, told)) == sorted(map(str, ([], [AT_WORK], [AT_HOME])))


def test_what_is_known_is_written_again_once_a_day_alone(world: World) -> None:
    world.seen(AT_WORK)
    first = world.row()["seen"]
    world.now += timedelta(hours=23)
    world.seen(AT_WORK)
    assert world.row()["seen"] == first
    world.now += timedelta(hours=1)
    world.seen(AT_WORK)
    assert world.row()["seen"] != first
    assert world.refreshed == [ALICE]


def test_new_name_is_taken_over_and_changes_no_policy(world: World) -> None:
    world.seen(AT_WORK, email="old@example.org")
    world.seen(AT_WORK, username="alice.new@example.org")
    assert world.row()["username"]["S"] == "alice.new@example.org"
    assert "email" not in world.row()
    assert world.refreshed == [ALICE]


def test_policies_that_cannot_be_written_now_are_left_to_the_background(world: World) -> None:
    def refuse(_subject: str) -> None:
        raise UnavailableError("IAM is away")

    world.refresh = refuse
    world.seen(AT_WORK)
    assert world.pending() == {f"user#{ALICE}"}


def test_all_links_given_up_for_as_many_others_are_one_change(world: World) -> None:
    before, after = (sorted(str(uuid.uuid4()) for _ in range(MOST_LINKED)) for _ in range(2))
    world.seen(*before)

    world.seen(*after)

    assert set(world.row()["linked"]["SS"]) == world.linked_to_alice() == set(after)


def test_two_visits_at_once_leave_one_truth(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.seen(AT_WORK)
    _between_reading_and_writing(monkeypatch, world, [lambda: world.seen(AT_HOME)])
    world.seen(AT_WORK, AT_HOME)
    assert set(world.row()["linked"]["SS"]) == world.linked_to_alice() == {AT_WORK, AT_HOME}


@pytest.mark.parametrize("state", [None, "deleting"])
def test_of_somebody_without_an_account_nothing_is_kept(world: World, state: str | None) -> None:
    world.account(state)
    assert not world.seen(AT_WORK, email="alice@lab.example.org")
    assert world.linked_to_alice() == set()
    items = world.database.scan(TableName=world.table)["Items"]
    assert {item["sk"]["S"] for item in items} <= {"ACCOUNT"}
    world.account("creating")
    assert world.seen(AT_WORK)
    assert world.linked_to_alice() == {AT_WORK}


def test_account_that_goes_meanwhile_leaves_nothing_behind(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.seen(AT_WORK)

    def delete() -> None:
        world.account("deleting")
        world.links.forget(ALICE)
        world.account(None)

    _between_reading_and_writing(monkeypatch, world, [delete])
    assert not world.seen(AT_WORK, AT_HOME)
    assert world.linked_to_alice() == set()


def _between_reading_and_writing(
    monkeypatch: pytest.MonkeyPatch, world: World, once: list[Callable[[], object]]
) -> None:
    def read_and_be_overtaken(*asked: Any) -> Any:
        rows = read_rows(*asked)
        if once:
            world.now += timedelta(seconds=1)
            once.pop()()
        return rows

    monkeypatch.setattr(links, "read_rows", read_and_be_overtaken)

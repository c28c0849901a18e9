"""Accounts in the registry, found all together."""

from __future__ import annotations

from typing import Any

from octopus.accounts.models import State
from octopus.accounts.moves_store import MoveStore
from octopus.accounts.store import AccountStore
from octopus.registry.leases import Leases
from octopus.topics.names import namespace_of
from tests.unit.access.world import identity


def opened(store: AccountStore, leases: Leases, subject: str) -> None:
    with leases.hold(subject) as lease:
        store.advance(store.claim(subject, namespace_of(subject), lease), State.ACTIVE, lease, [])


def removed(store: AccountStore, leases: Leases, subject: str) -> None:
    account = store.read(subject)
    assert account is not None
    with leases.hold(subject) as lease:
        store.remove(account, lease, [])


def test_every_account_is_listed_from_its_beginning_to_its_end(database: Any, table: str) -> None:
    store, leases = AccountStore(database, table), Leases(database, table)
    staying, leaving, begun, moved = sorted(identity() for _ in range(4))
    opened(store, leases, staying)
    opened(store, leases, leaving)
    with leases.hold(begun) as lease:
        store.claim(begun, namespace_of(begun), lease)
    new = store.read(staying)
    assert new is not None
    MoveStore(database, table).hand_over(None, moved, new, [])

    assert list(store.subjects()) == [staying, leaving, begun, moved]

    removed(store, leases, leaving)
    removed(store, leases, moved)

    assert list(store.subjects()) == [staying, begun]


def test_accounts_of_before_they_were_listed_are_listed_once(database: Any, table: str) -> None:
    store, leases = AccountStore(database, table), Leases(database, table)
    older = sorted(identity() for _ in range(3))
    for subject in older:
        opened(store, leases, subject)
        database.delete_item(TableName=table, Key={"pk": {"S": "ACCOUNTS"}, "sk": {"S": subject}})
    assert list(store.subjects()) == []

    store.list_older()

    assert list(store.subjects()) == older

    database.delete_item(TableName=table, Key={"pk": {"S": "ACCOUNTS"}, "sk": {"S": older[0]}})
    store.list_older()

    assert list(store.subjects()) == older[1:], "the table was read again"

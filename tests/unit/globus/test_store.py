from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from octopus.errors import InvalidError
from octopus.globus.database import Database
from octopus.globus.store import IdentityStore
from tests.patience import PATIENCE_S


def test_identity_is_made_once_and_is_the_same_in_another_opening(tmp_path: Path) -> None:
    with IdentityStore(tmp_path / "store") as first, IdentityStore(tmp_path / "store") as second:
        alice = first.ensure_identity("alice")
        assert second.ensure_identity("alice@stand-in.octopus") == alice
        assert second.find(alice.id.upper()) == alice
        bob = second.ensure_identity("bob")
        assert first.list_identities() == [alice, bob]

    assert str(uuid.UUID(alice.id)) == alice.id
    assert alice.username == "alice@stand-in.octopus"
    assert alice.secret.isalnum()
    assert alice.secret != bob.secret
    assert alice.secret not in repr(alice)


def test_secret_is_not_the_same_in_another_store(tmp_path: Path) -> None:
    with IdentityStore(tmp_path / "a") as one, IdentityStore(tmp_path / "b") as other:
        assert one.ensure_identity("alice").secret != other.ensure_identity("alice").secret


def test_unknown_identity_is_not_found(tmp_path: Path) -> None:
    with IdentityStore(tmp_path / "store") as store:
        assert store.find(str(uuid.uuid4())) is None
        assert store.list_identities() == []


@pytest.mark.parametrize("name", ["a", "alice", "alice-2", "a.b_c", " alice ", "a" * 32])
def test_name_by_the_rule_is_taken(tmp_path: Path, name: str) -> None:
    with IdentityStore(tmp_path / "store") as store:
        assert store.ensure_identity(name).name == name.strip()


@pytest.mark.parametrize(
    "name", ["", "Alice", "1st", "-a", "a b", "a" * 33, "alice@example.org", "älice", "a\nb", "a/b"]
)
def test_name_against_the_rule_is_refused_with_the_rule_and_the_name(tmp_path: Path, name: str) -> None:
    with IdentityStore(tmp_path / "store") as store, pytest.raises(InvalidError) as refused:
        store.ensure_identity(name)
    assert "1 to 32 characters" in refused.value.message
    assert repr(name) in refused.value.message


def test_store_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    with IdentityStore(tmp_path / "new" / "store") as store:
        store.ensure_identity("alice")
        for file in (tmp_path / "new").iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


def test_store_that_others_can_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "store").touch(mode=0o640)
    with pytest.raises(PermissionError, match="chmod 600"):
        IdentityStore(tmp_path / "store")


def test_processes_that_open_a_new_store_at_once_agree(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib\n"
        "from octopus.globus.store import IdentityStore\n"
        "for _ in range(20):\n"
        "    with IdentityStore(pathlib.Path(sys.argv[1])) as store:\n"
        "        made = [store.ensure_identity(f'p{n}') for n in range(5)]\n"
        "print(sorted((each.id, each.secret) for each in made))\n"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path / "store")], stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    printed = {process.communicate(timeout=PATIENCE_S)[0] for process in processes}

    assert [process.returncode for process in processes] == [0] * 4
    assert len(printed) == 1


def test_threads_share_one_store(tmp_path: Path) -> None:
    with IdentityStore(tmp_path / "store") as store, ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda n: store.ensure_identity(f"p{n % 5}"), range(200)))
        assert len({each.id for each in made}) == len(store.list_identities()) == 5


def test_transaction_that_fails_changes_nothing(tmp_path: Path) -> None:
    database = Database(tmp_path / "store")
    try:
        with pytest.raises(sqlite3.IntegrityError), database.transaction() as cursor:
            cursor.executemany("INSERT INTO keys VALUES (?, x'00')", [("a",), ("a",)])
        assert not database.has_key("a")
        assert database.key("a", b"first") == b"first"
        assert database.key("a", b"second") == b"first"
    finally:
        database.close()


def test_links_join_whole_persons_and_unlinking_takes_one_out(tmp_path: Path) -> None:
    with IdentityStore(tmp_path / "store") as store:
        a, b, c, d = (store.ensure_identity(name) for name in ("a", "b", "c", "d"))
        assert store.identity_set(a.id) == [a]
        store.link(a.id, b.id)
        store.link(c.id, d.id)
        assert store.identity_set(b.id) == [b, a]
        store.link(d.id, b.id)
        assert store.identity_set(c.id.upper()) == [c, a, b, d]

        store.unlink(d.id)
        assert store.identity_set(d.id) == [d]
        assert store.identity_set(a.id) == [a, b, c]
        store.unlink(a.id)
        store.unlink(a.id)
        assert store.identity_set(b.id) == [b, c]
        assert store.identity_set(str(uuid.uuid4())) == []

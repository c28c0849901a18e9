"""The stand-in's one file: SQLite, readable by its owner alone, safe to open from two processes at once."""

from __future__ import annotations

import os
import secrets
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_random_exponential

_BUSY_S = 5.0
"""How long a writer waits for another process's transaction; each of ours ends within milliseconds."""

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS keys (name TEXT PRIMARY KEY, value BLOB NOT NULL)",
    """CREATE TABLE IF NOT EXISTS identities (
        id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, created INTEGER NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS codes (
        hash BLOB PRIMARY KEY, grant_id TEXT NOT NULL, client_id TEXT NOT NULL, subject TEXT NOT NULL,
        redirect_uri TEXT NOT NULL, scope TEXT NOT NULL, challenge TEXT, nonce TEXT, state TEXT,
        offline INTEGER NOT NULL, expires INTEGER NOT NULL, used INTEGER NOT NULL DEFAULT 0)""",
    """CREATE TABLE IF NOT EXISTS refresh_tokens (
        hash BLOB PRIMARY KEY, grant_id TEXT NOT NULL, client_id TEXT NOT NULL, subject TEXT NOT NULL,
        resource_server TEXT NOT NULL, scope TEXT NOT NULL, expires INTEGER NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS access_tokens (
        hash BLOB PRIMARY KEY, grant_id TEXT NOT NULL, refresh_hash BLOB, client_id TEXT NOT NULL,
        subject TEXT NOT NULL, resource_server TEXT NOT NULL, scope TEXT NOT NULL,
        issued INTEGER NOT NULL, expires INTEGER NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS links (
        identity TEXT PRIMARY KEY REFERENCES identities (id), person TEXT NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS groups (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, description TEXT NOT NULL, created INTEGER NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS memberships (
        group_id TEXT NOT NULL, identity TEXT NOT NULL, role TEXT NOT NULL, status TEXT NOT NULL,
        PRIMARY KEY (group_id, identity))""",
    """CREATE TABLE IF NOT EXISTS registered_projects (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, contact_email TEXT NOT NULL, admins TEXT NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS registered_clients (
        id TEXT PRIMARY KEY, project TEXT NOT NULL, name TEXT NOT NULL, client_type TEXT NOT NULL,
        visibility TEXT NOT NULL, redirect_uris TEXT NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS registered_scopes (
        id TEXT PRIMARY KEY, client TEXT NOT NULL, suffix TEXT NOT NULL, name TEXT NOT NULL,
        description TEXT NOT NULL, advertised INTEGER NOT NULL, allows_refresh_token INTEGER NOT NULL,
        UNIQUE (client, suffix))""",
    """CREATE TABLE IF NOT EXISTS client_credentials (
        id TEXT PRIMARY KEY, client TEXT NOT NULL, name TEXT NOT NULL, created TEXT NOT NULL,
        hash BLOB NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS memberships_by_identity ON memberships (identity)",
    "CREATE INDEX IF NOT EXISTS client_credentials_by_client ON client_credentials (client)",
    "CREATE INDEX IF NOT EXISTS access_tokens_by_grant ON access_tokens (grant_id)",
    "CREATE INDEX IF NOT EXISTS access_tokens_by_refresh ON access_tokens (refresh_hash)",
)


class Database:
    """One connection to the store file, shared by this process's threads under a lock.

    The file and its write-ahead log are made with mode 0600.

    Raises:
        PermissionError: the file can be read by others, so its keys may be known to them.
    """

    def __init__(self, path: Path) -> None:
        _make_private(path)
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(
            path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
        )
        self._connection.row_factory = sqlite3.Row
        _set_write_ahead(self._connection)
        with self.transaction() as cursor:
            for statement in _SCHEMA:
                cursor.execute(statement)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Cursor]:
        """A write transaction: all of it, or none when the block raises."""
        with self._lock:
            # IMMEDIATE takes the write lock now, so that two processes queue instead of one failing midway.
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection.cursor()
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def rows(self, query: str, *parameters: object) -> list[sqlite3.Row]:
        """What a query reads."""
        with self._lock:
            return self._connection.execute(query, parameters).fetchall()

    def row(self, query: str, *parameters: object) -> sqlite3.Row | None:
        """The first row that a query reads, if any."""
        return next(iter(self.rows(query, *parameters)), None)

    def key(self, name: str, make: bytes | None = None) -> bytes:
        """The secret key of this name; on first use, the one offered (32 random bytes by default)."""
        found = self.row("SELECT value FROM keys WHERE name = ?", name)
        if found is None:
            with self.transaction() as cursor:
                cursor.execute(
                    "INSERT OR IGNORE INTO keys VALUES (?, ?)", (name, make or secrets.token_bytes(32))
                )
            # Another process may have been first: what the file holds is what counts.
            found = self.row("SELECT value FROM keys WHERE name = ?", name)
        if found is None:
            raise RuntimeError(f"the store lost its key {name}")
        return bytes(found["value"])

    def has_key(self, name: str) -> bool:
        """Whether a key of this name was made."""
        return self.row("SELECT 1 FROM keys WHERE name = ?", name) is not None

    def close(self) -> None:
        """Close the file; the last process to do so folds the write-ahead log into it."""
        with self._lock:
            self._connection.close()


def check_private(path: Path) -> None:
    """Accept a file that only its owner can read.

    Raises:
        PermissionError: group or others have any right on it.
    """
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise PermissionError(f"{path} holds secrets and its mode is {mode:04o}; run: chmod 600 {path}")


def _make_private(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        check_private(path)


@retry(
    retry=retry_if_exception_type(sqlite3.OperationalError),
    wait=wait_random_exponential(multiplier=0.02, max=0.5),
    stop=stop_after_delay(_BUSY_S),
    reraise=True,
)
def _set_write_ahead(connection: sqlite3.Connection) -> None:
    # Changing the journal's mode ignores the busy timeout, and two processes may be first together.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")

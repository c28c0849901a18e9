"""The stand-in's identities. Each is a person to log in as, and a confidential client of the same id."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from sqlite3 import Cursor, Row
from types import TracebackType

from octopus.errors import InvalidError
from octopus.globus.database import Database

DOMAIN = "stand-in.octopus"
"""Of the usernames. It is no registered domain, so that no username can be taken for a real one."""

_NAME = re.compile(r"[a-z][a-z0-9._-]{0,31}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Identity:
    """A person of this machine, as Globus Auth would know one."""

    id: str
    """Lower-case UUID: the subject of its tokens, and its client id."""
    name: str
    username: str
    """``<name>@stand-in.octopus``."""
    secret: str = field(repr=False)
    """Its client secret, for a client-credentials login."""


class IdentityStore:
    """The identities of one store file; a context manager, safe between threads and between processes.

    An identity's secret is not stored: it is derived from the file's own key and the identity's id, so
    ``octopus env`` can print it again, and it is as safe as the file, whose mode is 0600.

    Raises:
        PermissionError: the file can be read by others.
    """

    def __init__(self, path: Path) -> None:
        self.database = Database(path)
        self._master = self.database.key("identity-secrets")

    def ensure_identity(self, name: str) -> Identity:
        """The identity of this name, made on first use.

        Raises:
            InvalidError: the name is not allowed.
        """
        valid = check_name(name)
        with self.database.transaction() as cursor:
            cursor.execute(
                "INSERT OR IGNORE INTO identities VALUES (?, ?, ?)",
                (str(uuid.uuid4()), valid, int(time.time())),
            )
        row = self.database.row("SELECT * FROM identities WHERE name = ?", valid)
        if row is None:
            raise RuntimeError(f"the store lost the identity {valid}")
        return self._identity(row)

    def list_identities(self) -> list[Identity]:
        """Every identity, by name."""
        return [self._identity(row) for row in self.database.rows("SELECT * FROM identities ORDER BY name")]

    def find(self, identity_id: str) -> Identity | None:
        """The identity of this id, if there is one."""
        row = self.database.row("SELECT * FROM identities WHERE id = ?", identity_id.lower())
        return self._identity(row) if row is not None else None

    def link(self, one: str, other: str) -> None:
        """Make two identities, by id, and all that is linked to either, one person's."""
        with self.database.transaction() as cursor:
            together = _linked(cursor, one) | _linked(cursor, other)
            cursor.executemany(
                "INSERT INTO links VALUES (?, ?) ON CONFLICT DO UPDATE SET person = excluded.person",
                [(identity, one) for identity in sorted(together)],
            )

    def unlink(self, identity_id: str) -> None:
        """Take an identity from those that it is linked to; they stay one person's."""
        with self.database.transaction() as cursor:
            rest = _linked(cursor, identity_id) - {identity_id}
            cursor.execute("DELETE FROM links WHERE identity = ?", (identity_id,))
            # The person may have been called by the identity that leaves.
            cursor.executemany(
                "UPDATE links SET person = ? WHERE identity = ?",
                [(min(rest), identity) for identity in sorted(rest)],
            )

    def identity_set(self, identity_id: str) -> list[Identity]:
        """The identities of one person, the one asked for first; empty when there is no such identity."""
        rows = self.database.rows(
            "SELECT * FROM identities WHERE id = ? OR id IN (SELECT identity FROM links WHERE person = "
            "(SELECT person FROM links WHERE identity = ?)) ORDER BY id != ?, name",
            *[identity_id.lower()] * 3,
        )
        return [self._identity(row) for row in rows]

    def close(self) -> None:
        """Close the store file."""
        self.database.close()

    def __enter__(self) -> IdentityStore:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _identity(self, row: Row) -> Identity:
        digest = hmac.digest(self._master, row["id"].encode(), hashlib.sha256)
        return Identity(
            id=row["id"],
            name=row["name"],
            username=f"{row['name']}@{DOMAIN}",
            # Base32 has letters and digits alone: safe unquoted in a shell, whole under a double-click.
            secret=base64.b32encode(digest).decode().rstrip("=").lower(),
        )


def _linked(cursor: Cursor, identity_id: str) -> set[str]:
    rows = cursor.execute(
        "SELECT identity FROM links WHERE person = (SELECT person FROM links WHERE identity = ?)",
        (identity_id,),
    )
    return {identity_id, *(row["identity"] for row in rows)}


def check_name(name: str) -> str:
    """The bare name of an identity, from a name or a username of this stand-in.

    Raises:
        InvalidError: it is not 1 to 32 of ``a-z 0-9 . _ -`` beginning with a letter.
    """
    bare = name.strip().removesuffix(f"@{DOMAIN}")
    if _NAME.fullmatch(bare) is None:
        raise InvalidError(
            "the name of an identity has 1 to 32 characters out of a-z, 0-9, '.', '_' and '-', "
            f"and begins with a letter; got {name[:64]!r}"
        )
    return bare

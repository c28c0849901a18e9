"""Codes, access tokens and refresh tokens: made, found, used and revoked. Only their hashes are stored."""

from __future__ import annotations

import hashlib
import secrets
import string
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from sqlite3 import Cursor, Row

from octopus.globus.database import Database

CODE_LIFE_S = 600
"""The longest that RFC 6749 (section 4.1.2) recommends."""
REFRESH_LIFE_S = 180 * 24 * 3600
"""Without use; each use begins it again, as with Globus Auth."""
_REUSE_WATCH_S = 24 * 3600
"""How long after its end a used code is remembered, so that a second use still revokes its tokens."""

_ALPHABET = string.ascii_letters + string.digits
_PREFIX = "Ag"

_CODE_FIELDS = (
    "grant_id",
    "client_id",
    "subject",
    "redirect_uri",
    "scope",
    "challenge",
    "nonce",
    "state",
)
"""Columns of the table of codes after the hash, in order, and fields of ``Code``."""


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What a person or an application agreed to, from which tokens are made."""

    client_id: str
    subject: str
    scopes: Mapping[str, Sequence[str]]
    """By resource server."""
    offline: bool
    """With refresh tokens."""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(frozen=True, kw_only=True)
class Code:
    """An authorization code as it was given out, without the code itself."""

    grant_id: str
    client_id: str
    subject: str
    redirect_uri: str
    scope: str
    challenge: str | None
    nonce: str | None
    state: str | None
    offline: bool


@dataclass(frozen=True, kw_only=True)
class IssuedToken:
    """Tokens for one resource server, in plain text: for the reply alone."""

    resource_server: str
    scope: str
    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_in: int


@dataclass(frozen=True, kw_only=True)
class AccessToken:
    """A live access token, without the token itself. Times in seconds since the epoch."""

    client_id: str
    subject: str
    resource_server: str
    scope: str
    issued: int
    expires: int


class Grants:
    """The codes and tokens of one store. ``token_life`` is an access token's, in seconds."""

    def __init__(
        self, database: Database, *, token_life: int, clock: Callable[[], float] = time.time
    ) -> None:
        self._database = database
        self._token_life = token_life
        self._clock = clock

    def issue_code(self, code: Code) -> str:
        """A new code, to be used once within ten minutes."""
        text = _random_text(32)
        with self._database.transaction() as cursor:
            cursor.execute(
                "INSERT INTO codes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
                (
                    _hash(text),
                    *(getattr(code, name) for name in _CODE_FIELDS),
                    code.offline,
                    self._now() + CODE_LIFE_S,
                ),
            )
        return text

    def use_code(self, text: str) -> Code | None:
        """What the code stands for, now used up; ``None`` when unknown, expired or used.

        A second use revokes what the first one gave (RFC 6749 section 4.1.2): one of the two was a thief.
        """
        with self._database.transaction() as cursor:
            row = cursor.execute("SELECT * FROM codes WHERE hash = ?", (_hash(text),)).fetchone()
            if row is None:
                return None
            if row["used"]:
                cursor.execute("DELETE FROM access_tokens WHERE grant_id = ?", (row["grant_id"],))
                cursor.execute("DELETE FROM refresh_tokens WHERE grant_id = ?", (row["grant_id"],))
                return None
            cursor.execute("UPDATE codes SET used = 1 WHERE hash = ?", (row["hash"],))
        if row["expires"] <= self._now():
            return None
        return Code(
            **{name: row[name] for name in _CODE_FIELDS},
            offline=bool(row["offline"]),
        )

    def issue_tokens(self, grant: Grant) -> list[IssuedToken]:
        """One token a resource server, in the grant's order, with refresh tokens if it says so."""
        with self._database.transaction() as cursor:
            self._forget_expired(cursor)
            return [self._issue(cursor, grant, server) for server in grant.scopes]

    def refresh(self, text: str, *, client_id: str) -> tuple[IssuedToken, str] | None:
        """A new access token and its subject; ``None`` when it is another client's or not alive.

        The refresh token stays the same one, as with Globus Auth, and its life begins again.
        """
        with self._database.transaction() as cursor:
            row = cursor.execute(
                "SELECT * FROM refresh_tokens WHERE hash = ? AND client_id = ? AND expires > ?",
                (_hash(text), client_id, self._now()),
            ).fetchone()
            if row is None:
                return None
            cursor.execute(
                "UPDATE refresh_tokens SET expires = ? WHERE hash = ?",
                (self._now() + REFRESH_LIFE_S, row["hash"]),
            )
            return self._access(cursor, row, refresh_token=text), row["subject"]

    def find(self, text: str) -> AccessToken | None:
        """The access token, while it is alive."""
        row = self._database.row(
            "SELECT * FROM access_tokens WHERE hash = ? AND expires > ?", _hash(text), self._now()
        )
        if row is None:
            return None
        return AccessToken(
            **{name: row[name] for name in ("client_id", "subject", "resource_server", "scope")},
            issued=row["issued"],
            expires=row["expires"],
        )

    def revoke(self, text: str, *, client_id: str) -> None:
        """End this client's token; with a refresh token, the access tokens made from it too.

        Another client's token, or none at all, changes nothing: the answer is the same (RFC 7009, 2.2).
        """
        with self._database.transaction() as cursor:
            cursor.execute(
                "DELETE FROM access_tokens WHERE (hash = ? OR refresh_hash = ?) AND client_id = ?",
                (_hash(text), _hash(text), client_id),
            )
            cursor.execute(
                "DELETE FROM refresh_tokens WHERE hash = ? AND client_id = ?", (_hash(text), client_id)
            )

    def _issue(self, cursor: Cursor, grant: Grant, server: str) -> IssuedToken:
        fields = {
            "grant_id": grant.id,
            "client_id": grant.client_id,
            "subject": grant.subject,
            "resource_server": server,
            "scope": " ".join(grant.scopes[server]),
        }
        refresh_token = None
        if grant.offline:
            refresh_token = _random_text(70)
            cursor.execute(
                "INSERT INTO refresh_tokens VALUES (?, ?, ?, ?, ?, ?, ?)",
                (_hash(refresh_token), *fields.values(), self._now() + REFRESH_LIFE_S),
            )
        return self._access(cursor, fields, refresh_token=refresh_token)

    def _access(
        self, cursor: Cursor, fields: Mapping[str, str] | Row, *, refresh_token: str | None
    ) -> IssuedToken:
        access_token = _random_text(70)
        cursor.execute(
            "INSERT INTO access_tokens VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                _hash(access_token),
                fields["grant_id"],
                _hash(refresh_token) if refresh_token else None,
                *(fields[name] for name in ("client_id", "subject", "resource_server", "scope")),
                self._now(),
                self._now() + self._token_life,
            ),
        )
        return IssuedToken(
            resource_server=fields["resource_server"],
            scope=fields["scope"],
            access_token=access_token,
            refresh_token=refresh_token,
            expires_in=self._token_life,
        )

    def _forget_expired(self, cursor: Cursor) -> None:
        cursor.execute("DELETE FROM access_tokens WHERE expires <= ?", (self._now(),))
        cursor.execute("DELETE FROM refresh_tokens WHERE expires <= ?", (self._now(),))
        cursor.execute("DELETE FROM codes WHERE expires <= ?", (self._now() - _REUSE_WATCH_S,))

    def _now(self) -> int:
        return int(self._clock())


def _random_text(length: int) -> str:
    """Word characters alone, as the service's check of tokens demands; 70 of them are 417 bits."""
    return _PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _hash(text: str) -> bytes:
    # The text is random and long: a plain hash cannot be turned back, and looks up in one step.
    return hashlib.sha256(text.encode()).digest()

"""What developers register at Globus Auth: projects, their clients, the clients' scopes and secrets."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from sqlite3 import Row

from octopus.globus.database import Database

NATIVE = "public_installed_client"
CLIENT_TYPES = (
    "client_identity",
    "confidential_client",
    "globus_connect_server",
    NATIVE,
    "hybrid_confidential_client_resource_server",
    "resource_server",
)


@dataclass(frozen=True, kw_only=True)
class Project:
    """Clients with administrators in common."""

    id: str
    name: str
    contact_email: str
    admins: tuple[str, ...]
    """Identities."""


@dataclass(frozen=True, kw_only=True)
class Registered:
    """A client of a project."""

    id: str
    project: str
    name: str
    client_type: str
    visibility: str
    redirect_uris: tuple[str, ...]

    @property
    def native(self) -> bool:
        """Whether it has no secret."""
        return self.client_type == NATIVE


@dataclass(frozen=True, kw_only=True)
class ScopeRecord:
    """A right that a client's callers may be asked for."""

    id: str
    client: str
    suffix: str
    name: str
    description: str
    advertised: bool
    allows_refresh_token: bool

    @property
    def text(self) -> str:
        """As tokens hold it."""
        return f"https://auth.globus.org/scopes/{self.client}/{self.suffix}"


@dataclass(frozen=True, kw_only=True)
class Credential:
    """A client's secret, without the secret."""

    id: str
    client: str
    name: str
    created: str
    """ISO 8601, UTC."""


class Registrations:
    """The registered things of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create_project(self, *, name: str, contact_email: str, admins: Collection[str]) -> Project:
        """A new project."""
        made = Project(id=_new_id(), name=name, contact_email=contact_email, admins=tuple(admins))
        self._write("registered_projects", made.id, name, contact_email, json.dumps(made.admins))
        return made

    def projects_of(self, identities: Collection[str]) -> list[Project]:
        """Those that one of these identities administers, by name."""
        rows = self._database.rows("SELECT * FROM registered_projects ORDER BY name, id")
        return [each for each in map(_project, rows) if not set(each.admins).isdisjoint(identities)]

    def save_client(self, client: Registered) -> None:
        """Keep a client, new or changed."""
        self._write(
            "registered_clients",
            client.id,
            client.project,
            client.name,
            client.client_type,
            client.visibility,
            json.dumps(client.redirect_uris),
        )

    def find_client(self, client_id: str) -> Registered | None:
        """The client of this id, if there is one."""
        row = self._database.row("SELECT * FROM registered_clients WHERE id = ?", client_id.lower())
        return None if row is None else _client(row)

    def clients(self) -> list[Registered]:
        """Every client, by name."""
        return list(map(_client, self._database.rows("SELECT * FROM registered_clients ORDER BY name, id")))

    def save_scope(self, scope: ScopeRecord) -> None:
        """Keep a scope, new or changed."""
        self._write(
            "registered_scopes",
            scope.id,
            scope.client,
            scope.suffix,
            scope.name,
            scope.description,
            int(scope.advertised),
            int(scope.allows_refresh_token),
        )

    def scopes(self) -> list[ScopeRecord]:
        """Every scope."""
        return list(
            map(_scope, self._database.rows("SELECT * FROM registered_scopes ORDER BY client, suffix"))
        )

    def create_credential(self, client_id: str, *, name: str) -> tuple[Credential, str]:
        """A new secret of a client, and its text, which is told this once."""
        secret = secrets.token_urlsafe(32)
        made = Credential(id=_new_id(), client=client_id, name=name, created=datetime.now(UTC).isoformat())
        self._write("client_credentials", made.id, client_id, name, made.created, _hash(secret))
        return made, secret

    def credentials(self, client_id: str) -> list[Credential]:
        """A client's secrets, the oldest first."""
        rows = self._database.rows(
            "SELECT * FROM client_credentials WHERE client = ? ORDER BY created, id", client_id
        )
        return [
            Credential(id=row["id"], client=row["client"], name=row["name"], created=row["created"])
            for row in rows
        ]

    def delete_credential(self, client_id: str, credential_id: str) -> None:
        """End one secret of a client."""
        with self._database.transaction() as cursor:
            cursor.execute(
                "DELETE FROM client_credentials WHERE client = ? AND id = ?", (client_id, credential_id)
            )

    def is_secret(self, client_id: str, text: str) -> bool:
        """Whether the text is a secret of this client."""
        rows = self._database.rows("SELECT hash FROM client_credentials WHERE client = ?", client_id)
        return any(hmac.compare_digest(row["hash"], _hash(text)) for row in rows)

    def _write(self, table: str, *values: object) -> None:
        places = ", ".join("?" * len(values))
        with self._database.transaction() as cursor:
            cursor.execute(f"INSERT OR REPLACE INTO {table} VALUES ({places})", values)  # noqa: S608 - ours


def _project(row: Row) -> Project:
    return Project(
        id=row["id"],
        name=row["name"],
        contact_email=row["contact_email"],
        admins=tuple(json.loads(row["admins"])),
    )


def _client(row: Row) -> Registered:
    return Registered(
        **{name: row[name] for name in ("id", "project", "name", "client_type", "visibility")},
        redirect_uris=tuple(json.loads(row["redirect_uris"])),
    )


def _scope(row: Row) -> ScopeRecord:
    return ScopeRecord(
        **{name: row[name] for name in ("id", "client", "suffix", "name", "description")},
        advertised=bool(row["advertised"]),
        allows_refresh_token=bool(row["allows_refresh_token"]),
    )


def _new_id() -> str:
    return str(uuid.uuid4())


def _hash(text: str) -> bytes:
    # A secret is random and long: a plain hash cannot be turned back.
    return hashlib.sha256(text.encode()).digest()

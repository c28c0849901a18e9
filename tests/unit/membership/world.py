"""Groups in a simulated registry, and the stand-in as Globus, in a thread of the test."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from octopus.access.refresh import Refreshes
from octopus.audit.events import Event
from octopus.audit.trail import Trail
from octopus.globus.app import create_app
from octopus.globus.groups import Groups, Role
from octopus.globus.settings import StandInSettings
from octopus.globus.store import IdentityStore
from octopus.identity.clients import GlobusClients
from octopus.membership.service import Memberships
from octopus.membership.store import GroupStore
from octopus.registry.leases import Leases
from octopus.registry.pending import Pending
from tests.patience import PATIENCE_S
from tests.ports import free_port
from tests.trail import recorded

SERVICE = "2b9d2f5c-fa32-45b5-875b-b24cd343b917"
SECRET = "secret-of-the-service-client-in-tests"
POLL_S = 300.0
HELD_S = 3600.0


@contextmanager
def running_stand_in(home: Path) -> Iterator[tuple[str, IdentityStore]]:
    """The stand-in's address, and its store, until the block ends."""
    port = free_port()
    secret = home / "secret"
    secret.touch(mode=0o600)
    secret.write_text(SECRET)
    settings = StandInSettings.model_validate(
        {
            "globus_port": port,
            "globus_store": home / "identities.sqlite",
            "globus_client_id": SERVICE,
            "globus_client_secret_file": secret,
        }
    )
    server = uvicorn.Server(
        uvicorn.Config(create_app(settings), host="127.0.0.1", port=port, log_config=None, access_log=False)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    Retrying(
        retry=retry_if_result(lambda started: not started), wait=wait_fixed(0.01), stop=stop_after_delay(10)
    )(lambda: server.started)
    try:
        with IdentityStore(settings.globus_store) as store:
            yield settings.own_url, store
    finally:
        server.should_exit = True
        thread.join(PATIENCE_S)


@dataclass
class World:
    """One fabric's view of groups; time is the test's."""

    database: Any
    table: str
    url: str
    identities: IdentityStore
    now: float = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()
    refreshed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.groups = Groups(self.identities.database)
        self.globus = self.globus_at(self.url)
        self.store = GroupStore(self.database, self.table)
        self.memberships = self.memberships_with(self.globus)

    def globus_at(self, groups_url: str) -> GlobusClients:
        return GlobusClients(
            client_id=SERVICE, secret=lambda: SECRET, auth_url=self.url, groups_url=groups_url
        )

    def memberships_with(self, globus: GlobusClients) -> Memberships:
        return Memberships(
            self.store,
            globus=globus,
            leases=Leases(self.database, self.table, clock=self.clock),
            refreshes=Refreshes(self.database, self.table, refresh=self.refreshed.append, clock=self.clock),
            trail=Trail(self.database, self.table, kept_days=1),
            poll_s=POLL_S,
            held_s=HELD_S,
            clock=self.clock,
            # A poll ends after two seconds, which a busy machine needs for one group.
            monotonic=self.clock,
        )

    def clock(self) -> float:
        return self.now

    def person(self, name: str) -> str:
        return self.identities.ensure_identity(name).id

    def group(self, *members: str, shown: bool = True) -> str:
        """A group at Globus that alice administers, and the fabric manages when it is ``shown``."""
        group = self.groups.create("beamline", admin=self.person("alice"))
        for name in members:
            self.groups.put(group.id, self.person(name), role=Role.MEMBER)
        self.groups.put(group.id, SERVICE, role=Role.MANAGER if shown else Role.MEMBER)
        return group.id

    def give(self, group: str, *, namespace: str = "lab") -> None:
        """A grant to the group, as `octopus.access.store` writes one."""
        for key, row in self._grant_keys(group, namespace):
            self.database.put_item(TableName=self.table, Item={**key, **row})

    def take(self, group: str, *, namespace: str = "lab") -> None:
        key, _ = self._grant_keys(group, namespace)[0]
        self.database.delete_item(TableName=self.table, Key=key)

    def _grant_keys(self, group: str, namespace: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        given = datetime.fromtimestamp(self.now, UTC).isoformat(timespec="seconds")
        return [
            ({"pk": {"S": f"GRANTEE#group#{group}"}, "sk": {"S": f"{namespace}#*#read"}}, {}),
            ({"pk": {"S": "GROUPS"}, "sk": {"S": group}}, {"given": {"S": given}}),
        ]

    def members(self, group: str) -> set[str]:
        """Of the registry's list, held to its reverse rows."""
        listed = self.store.members(group)
        for identity in listed:
            assert self.row(f"IDENTITY#{identity}", f"GROUP#{group}") is not None
        return set(listed)

    def row(self, pk: str, sk: str) -> dict[str, Any] | None:
        key = {"pk": {"S": pk}, "sk": {"S": sk}}
        found: dict[str, Any] | None = self.database.get_item(TableName=self.table, Key=key).get("Item")
        return found

    def rows_of(self, group: str) -> list[tuple[str, str]]:
        """Every row that names the group, but those of grants, events and what is to be refreshed."""
        items = self.database.scan(TableName=self.table)["Items"]
        keys = [(item["pk"]["S"], item["sk"]["S"]) for item in items]
        kept = ("GRANTEE#", "AUDIT#", "OUTBOX#", "PENDING#")
        return sorted(
            key for key in keys if any(group in part for part in key) and not key[0].startswith(kept)
        )

    def due(self) -> set[str]:
        """Grantees whose policies are to be written anew at once; they are taken for written."""
        pending = Pending(self.database, self.table, "access", clock=self.clock)
        names = set(pending.due())
        for name in names:
            pending.end(name, pending.token(name) or "")
        return names

    def events(self, kind: str) -> list[Event]:
        return [event for event in recorded(self.database, self.table) if event.type == kind]

"""A table and an IAM in memory for the judge's sources, and a clock of the test's own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Collection, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, cast

from octopus.iam.models import Principal
from octopus.judge.account import Account
from octopus.judge.principals import UserPolicies
from octopus.judge.readings import Reading
from octopus.judge.rights import PrincipalId, Rights
from octopus.judge.secrets import StoredSecrets
from octopus.judge.sources import Sources
from octopus.judge.store import ChangeLog, CredentialsTable, KeyRecord, VersionRecord
from octopus.metrics.instruments import Instruments
from tests.patience import PATIENCE_S

NOW = datetime(2026, 11, 22, 5, 0, 30, tzinfo=UTC)
ALICE = PrincipalId("alice", "alice")


def user(resource: str, name: str = "alice") -> UserPolicies:
    statement = {"Effect": "Allow", "Action": "*", "Resource": resource}
    return UserPolicies(
        Principal(name, "AIDA1", f"arn:aws:iam::123456789012:user/{name}"),
        {"attached/a": {"Version": "2012-10-17", "Statement": statement}},
        None,
    )


def record(state: str = "active", *, name: str = "alice", access_key_id: str = "AKIA1") -> KeyRecord:
    return KeyRecord(access_key_id, name, name, "iam-user", state, b"", None)


class World:
    """A table and an IAM that count what is asked of them, and a clock."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.shown: dict[str, UserPolicies] = {}
        self.listed: dict[str, UserPolicies] = {}
        self.iam: Exception | None = None
        self.log: dict[str, str] = {}
        self.windows: list[tuple[datetime, datetime]] = []
        self.single: list[str] = []
        self.go = threading.Event()
        self.go.set()
        self.begun = threading.Event()
        self.records: dict[str, KeyRecord] = {}
        self.written: dict[str, VersionRecord] = {}
        self.batches: list[list[str]] = []

    def monotonic(self) -> float:
        return self.now

    def clock(self) -> float:
        return NOW.timestamp() - 1000 + self.now

    # The account

    def user(self, user_name: str) -> UserPolicies | None:
        self.begun.set()
        assert self.go.wait(PATIENCE_S)
        if self.iam is not None:
            raise self.iam
        self.single.append(user_name)
        return self.shown.get(user_name)

    def users(self, _in_use: Collection[str]) -> dict[str, UserPolicies]:
        if self.iam is not None:
            raise self.iam
        return dict(self.listed)

    # The table

    def key(self, access_key_id: str) -> KeyRecord | None:
        return self.records.get(access_key_id)

    def keys(self, access_key_ids: Iterable[str]) -> dict[str, KeyRecord | None]:
        self.batches.append(list(access_key_ids))
        return {access_key_id: self.records.get(access_key_id) for access_key_id in access_key_ids}

    def version(self, subject: str) -> VersionRecord | None:
        return self.written.get(subject)

    def versions(self, subjects: Iterable[str]) -> dict[str, VersionRecord | None]:
        return {subject: self.written.get(subject) for subject in subjects}

    def changes(self, since: datetime, until: datetime) -> dict[str, str]:
        self.windows.append((since, until))
        return dict(self.log)


class Scene:
    """Sources over a world, in an event loop of their own."""

    def __init__(self, world: World, executor: ThreadPoolExecutor, run: Callable[..., Any]) -> None:
        self._run = run
        self._executor = executor
        self.log = ChangeLog(cast(CredentialsTable, world), clock=world.clock, monotonic=world.monotonic)
        self.instruments = Instruments("judge")
        self.sources = Sources(
            table=cast(CredentialsTable, world),
            account=cast(Account, world),
            secrets=cast(StoredSecrets, None),
            executor=executor,
            iam_executor=executor,
            instruments=self.instruments,
            clock=world.clock,
            monotonic=world.monotonic,
        )

    def look(self) -> None:
        self.sources.follow(self.log.look())

    def renew(self) -> None:
        """Begin what is due, and wait until the one thread has done it."""

        async def renewed() -> None:
            self.sources.renew()
            await asyncio.sleep(0)
            await asyncio.get_running_loop().run_in_executor(self._executor, lambda: None)

        self.run(renewed())

    def list_users(self) -> None:
        self.run(self.sources.list_users())

    def rights(self, principal: PrincipalId = ALICE) -> Reading[Rights]:
        self.run(self.sources.read_rights(principal))
        reading = self.sources.rights(principal)
        assert reading is not None
        return reading

    def resource(self) -> str:
        (layer,) = self.rights().value.limits.layers
        return layer[0].resources[0] if layer and layer[0].resources else ""

    def run(self, task: Coroutine[Any, Any, Any]) -> Any:
        return self._run(task)

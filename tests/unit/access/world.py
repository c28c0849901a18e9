"""Rights on a simulated registry: namespaces, people and groups as other features write them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from octopus.access.models import Grant, Grantee, Right, user
from octopus.access.refresh import Refreshes
from octopus.access.rights import EVERYBODYS
from octopus.access.service import Access
from octopus.audit.trail import Trail
from octopus.iam.holdings import Holdings
from octopus.identity.models import Caller

START = datetime(2026, 11, 22, 12, tzinfo=UTC)


def identity() -> str:
    """Somebody new."""
    return str(uuid.uuid4())


def caller(subject: str, *linked: str) -> Caller:
    return Caller(subject, None, expires=2**40, scopes=frozenset(), linked=frozenset(linked))


@dataclass
class World:
    """A registry, the rights in it, and what was refreshed."""

    client: Any
    table: str
    now: float = START.timestamp()
    refreshed: list[str] = field(default_factory=list)
    refuses: Exception | None = None
    spared: tuple[str, ...] = ()
    """Subjects for whom refreshing works all the same."""
    meanwhile: Callable[[], None] = lambda: None
    """What happens while a subject is being refreshed."""

    def __post_init__(self) -> None:
        self.refreshes = Refreshes(self.client, self.table, refresh=self._refresh, clock=self.clock)
        trail = Trail(self.client, self.table, kept_days=1)
        self.access = Access(self.client, self.table, trail=trail, refreshes=self.refreshes, clock=self.clock)

    def clock(self) -> float:
        return self.now

    def _refresh(self, subject: str) -> None:
        if self.refuses is not None and subject not in self.spared:
            raise self.refuses
        self.meanwhile()
        self.refreshed.append(subject)

    def put(self, pk: str, sk: str, **attributes: Any) -> None:
        self.client.put_item(TableName=self.table, Item={"pk": {"S": pk}, "sk": {"S": sk}, **attributes})

    def rows(self, beginning: str) -> list[tuple[str, str]]:
        """Keys of the rows whose partition begins so."""
        items = self.client.scan(TableName=self.table)["Items"]
        keys = ((item["pk"]["S"], item["sk"]["S"]) for item in items)
        return sorted(key for key in keys if key[0].startswith(beginning))

    def held(self, subject: str, namespaces: Collection[str] = ()) -> Holdings:
        """What a subject holds beyond what everybody does, who needs nothing for it."""
        held = self.access.holdings(subject, namespaces)
        assert held >= EVERYBODYS
        return held - EVERYBODYS

    def namespace(
        self, name: str, owner: str, *, state: str = "active", ends: datetime | None = None
    ) -> None:
        end = {"ends": {"S": ends.isoformat()}} if ends else {}
        self.put(f"NAMESPACE#{name}", "NAMESPACE", owner={"S": owner}, state={"S": state}, **end)

    def account(self, subject: str, *, state: str = "active", namespaces: Iterable[str] = ()) -> None:
        names = sorted(namespaces) or [f"ns-{subject[-12:]}"]
        self.put(f"SUBJECT#{subject}", "ACCOUNT", state={"S": state}, namespaces={"SS": names})

    def link(self, subject: str, *others: str) -> None:
        self.put(f"SUBJECT#{subject}", "IDENTITIES", linked={"SS": list(others)})
        for other in others:
            self.put(f"IDENTITY#{other}", f"SUBJECT#{subject}")

    def group(self, *members: str, state: str = "held") -> str:
        """A new group of these members."""
        made = identity()
        self.put(f"GROUP#{made}", "GROUP", state={"S": state}, name={"S": "beamline"})
        for member in members:
            self.put(f"GROUP#{made}", f"MEMBER#{member}")
            self.put(f"IDENTITY#{member}", f"GROUP#{made}")
        return made

    def give(
        self,
        namespace: str,
        topic: str,
        to: str | Grantee,
        right: Right,
        *,
        until: datetime | None = None,
        created: datetime = START,
    ) -> Grant:
        grantee = user(to) if isinstance(to, str) else to
        return self.access.give(
            Grant(
                namespace=namespace,
                topic=topic,
                grantee=grantee,
                right=right,
                until=until,
                by="0e000000-0000-4000-8000-000000000000",
                created=created,
                shown_as="someone@example.org",
            )
        )

"""Grants that were revoked, moved or given after the state that was put back.

What was revoked is taken again before anybody can use it. What was given is given again as well, and not
only said: each line of the log holds the whole grant, and taking alone would leave a project that was
transferred without an owner. Nobody is given more than the log's last word on that grant; one of a namespace
or topic that is not there any more is said to be lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from octopus.access.models import EVERY_TOPIC, Grant, Grantee, GranteeKind, Right, user
from octopus.access.service import Access
from octopus.audit.events import FABRIC
from octopus.fabric.healing.journal import Entry
from octopus.fabric.healing.told import listed
from octopus.registry.transactions import ConditionFailedError
from octopus.sharing.store import in_use
from octopus.topics.names import full_name

_Key = tuple[str, str, str]


@dataclass(frozen=True)
class LastWords:
    """What the log says last of each grant that it names."""

    given: dict[_Key, Grant] = field(default_factory=dict)
    """Those that there were, as they were then."""
    taken: dict[_Key, Grant] = field(default_factory=dict)
    """Those that there were no more."""

    def give(self, grant: Grant) -> None:
        """It is there from here on."""
        self.taken.pop(_key(grant), None)
        self.given[_key(grant)] = grant

    def take(self, grant: Grant) -> None:
        """It is there no more from here on."""
        self.given.pop(_key(grant), None)
        self.taken[_key(grant)] = grant

    def take_all_on(self, namespace: str) -> None:
        """None on the namespace is there from here on; each has a line of its own, if it came to that."""
        for grant in [grant for grant in self.given.values() if grant.namespace == namespace]:
            self.take(grant)


def last_words(journal: Iterable[Entry]) -> LastWords:
    """What the log says last of each grant; lines that do not hold all of one are none."""
    words = LastWords()
    for entry in journal:
        if entry["event"] in ("project.ended", "namespace.deleted"):
            words.take_all_on(entry["namespace"])
        if entry["event"] not in ("grant.given", "grant.revoked", "grant.ended", "grant.moved"):
            continue
        try:
            grant = _grant(entry)
            to = user(entry["to"]) if entry["event"] == "grant.moved" else None
        except (KeyError, TypeError, ValueError):
            continue
        if entry["event"] == "grant.given":
            words.give(grant)
        else:
            words.take(grant)
        if to is not None:
            words.give(replace(grant, grantee=to))
    return words


def take_again(access: Access, words: LastWords) -> Iterator[str]:
    """No grant is there that was revoked, and none lasts longer than it was to last."""
    taken = [
        grant
        for grant in words.taken.values()
        if access.take(grant.namespace, grant.topic, grant, actor=FABRIC) is not None
    ]
    if taken:
        yield f"Revoked {len(taken)} grants again: {listed([_told(grant) for grant in taken])}."
    moved = []
    for grant in words.given.values():
        there = _there(access, grant)
        if there is not None and there.until != grant.until:
            access.give(grant)
            moved.append(grant)
    if moved:
        yield f"Set the end of {len(moved)} grants again: {listed([_told(grant) for grant in moved])}."


def give_again(access: Access, table: str, grants: Sequence[Grant]) -> Iterator[str]:
    """Grants are there that were given, where there still is what they are on.

    Args:
        table: the registry.
        grants: as the log has them last.
    """
    now = datetime.now(UTC)
    back: list[str] = []
    lost: list[str] = []
    for grant in grants:
        if not grant.in_force(now) or _there(access, grant) is not None:
            continue
        try:
            access.give(grant, in_use=in_use(table, grant.namespace, grant.topic))
        except ConditionFailedError:
            lost.append(_told(grant))
        else:
            back.append(_told(grant))
    if back:
        yield f"Gave {len(back)} grants again that were given after that state: {listed(back)}."
    if lost:
        yield f"Lost {len(lost)} grants, on what is not there any more: {listed(lost)}."


def on_whole_projects(words: LastWords) -> list[Grant]:
    """Roles, and rights on all topics: whoever holds them must be known before anything else is judged."""
    return [grant for grant in words.given.values() if grant.topic == EVERY_TOPIC]


def on_topics(words: LastWords) -> list[Grant]:
    """Rights on topics, which have to be there first."""
    return [grant for grant in words.given.values() if grant.topic != EVERY_TOPIC]


def _there(access: Access, grant: Grant) -> Grant | None:
    found = access.grants_on(grant.namespace, grant.topic)
    return next((one for one in found if one.id == grant.id), None)


def _grant(entry: Entry) -> Grant:
    return Grant(
        namespace=entry["namespace"],
        topic=entry["topic"],
        grantee=Grantee(GranteeKind(entry["grantee_kind"]), entry["grantee"]),
        right=Right(entry["right"]),
        until=datetime.fromisoformat(entry["until"]) if entry["until"] is not None else None,
        by=entry["by"],
        created=datetime.fromisoformat(entry["time"]),
        shown_as=entry["shown_as"],
    )


def _key(grant: Grant) -> _Key:
    return grant.namespace, grant.topic, grant.id


def _told(grant: Grant) -> str:
    whose = grant.shown_as or grant.grantee.id
    return f"{grant.right} on {full_name(grant.namespace, grant.topic)} of {whose}"

"""Strangers, to whom public topics are open, and people with rights of an identity once linked to theirs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from octopus.accounts.service import Accounts
from octopus.errors import OctopusError
from octopus.fabric.healing.journal import Entry
from octopus.fabric.healing.told import listed
from octopus.identity.links import IdentityLinks
from octopus.topics.healing import Healing
from octopus.topics.names import full_name


def close_again(healing: Healing, journal: Sequence[Entry]) -> Iterator[str]:
    """No topic is public or listed that was so no more, or was made anew; none is opened by this."""
    open_to: dict[str, tuple[bool, bool]] = {}
    for entry in journal:
        if entry["event"] in ("topic.created", "topic.deleted"):
            open_to[full_name(entry["namespace"], entry["topic"])] = (False, False)
        elif entry["event"] == "topic.changed":
            name = full_name(entry["namespace"], entry["topic"])
            open_to[name] = (entry.get("public") is True, entry.get("listed") is True)
    closed: list[str] = []
    for name, (public, shown) in open_to.items():
        try:
            closed += [name] if healing.close(name, public=public, listed=shown) else []
        except OctopusError as refusal:
            yield f"The topic {name} may be public or listed again: {refusal.message}"
    if closed:
        yield f"Closed {len(closed)} topics again that were public or listed: {listed(closed)}."


def unlink_again(links: IdentityLinks, accounts: Accounts, journal: Sequence[Entry]) -> None:
    """Nobody has rights of an identity that was linked to his before: links count when he is here again."""
    for subject in {entry["subject"] for entry in journal if entry["event"] == "identity.links_changed"}:
        links.forget(subject)
        accounts.refresh(subject)

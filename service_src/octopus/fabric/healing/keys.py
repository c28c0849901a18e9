"""Keys that were deleted after the state that was put back, and those that were issued."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from octopus.credentials.keys import Keys
from octopus.fabric.healing.journal import Entry
from octopus.fabric.healing.told import listed


def delete_again(keys: Keys, journal: Sequence[Entry], names: Mapping[str, str]) -> Iterator[str]:
    """No key works that was deleted, whatever came after it: one made since is lost anyway."""
    gone: dict[str, set[str]] = {}
    for entry in journal:
        if entry["event"] == "key.deleted":
            gone.setdefault(entry["subject"], set()).add(entry["access_key_id"])
    for subject, deleted in gone.items():
        again = deleted.intersection(key.access_key_id for key in keys.recorded(subject))
        for access_key_id in again:
            keys.revoke(subject, access_key_id)
        if again:
            yield f"Deleted the keys of {names.get(subject, subject)} again."


def say_lost(keys: Keys, journal: Sequence[Entry], names: Mapping[str, str]) -> Iterator[str]:
    """Which keys are gone that nobody deleted."""
    issued = {
        entry["access_key_id"]: entry["subject"]
        for entry in journal
        if entry["event"] == "key.issued" and entry.get("kind") != "platform"
    }
    for entry in journal:
        if entry["event"] == "key.deleted":
            issued.pop(entry["access_key_id"], None)
    recorded = {key.access_key_id for subject in set(issued.values()) for key in keys.recorded(subject)}
    lost = [
        f"{key} of {names.get(subject, subject)}" for key, subject in issued.items() if key not in recorded
    ]
    if lost:
        yield (
            f"Lost {len(lost)} keys: {listed(lost)}. The next `octopus key create`, or the SDK's "
            "create_key, issues a new one (fresh: true)."
        )

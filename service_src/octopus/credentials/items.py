"""How a key stands in the credentials table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from octopus.credentials.models import KeyState, Kind, StoredKey

_CLEARED_AFTER = timedelta(hours=1)
"""Time from which DynamoDB may clear an ended session away; whether it has ended is decided in code."""


def key_row(access_key_id: str) -> dict[str, Any]:
    """Primary key of a key."""
    return {"pk": {"S": f"KEY#{access_key_id}"}, "sk": {"S": "KEY"}}


def version_row(subject: str) -> dict[str, Any]:
    """Primary key of what the judge is told of a principal's policies."""
    return {"pk": {"S": f"SUBJECT#{subject}"}, "sk": {"S": "VERSION"}}


def pointer_row(subject: str, access_key_id: str) -> dict[str, Any]:
    """Primary key of its owner's pointer to it."""
    return {"pk": {"S": f"SUBJECT#{subject}"}, "sk": {"S": f"KEY#{access_key_id}"}}


def use_row(access_key_id: str) -> dict[str, Any]:
    """Primary key of what the judge notes of its use."""
    return {"pk": {"S": f"USE#{access_key_id}"}, "sk": {"S": "USE"}}


WATCH_ROW = use_row("judge")
"""Primary key of what judges note of their noting."""


def write(key: StoredKey) -> tuple[dict[str, Any], dict[str, Any]]:
    """The key's item, and the item of its owner's pointer."""
    item: dict[str, Any] = {
        **key_row(key.access_key_id),
        "subject": {"S": key.subject},
        "user_name": {"S": key.user_name},
        "kind": {"S": key.kind.value},
        "state": {"S": key.state.value},
        "secret": {"B": key.secret},
        "created": {"S": key.created},
    }
    pointer: dict[str, Any] = {**pointer_row(key.subject, key.access_key_id), "kind": {"S": key.kind.value}}
    if key.label is not None:
        item["label"] = {"S": key.label}
    if key.expires is not None:
        item["expires"] = {"S": key.expires}
    if key.successor is not None:
        item["successor"] = {"S": key.successor}
    if key.planned_end is not None:
        item["planned_end"] = {"S": key.planned_end}
    if key.kind is Kind.SESSION and key.expires is not None:
        ttl = {"N": str(int((datetime.fromisoformat(key.expires) + _CLEARED_AFTER).timestamp()))}
        item |= {"topics": {"SS": list(key.topics)}, "actions": {"SS": list(key.actions)}, "ttl": ttl}
        pointer |= {"expires": {"S": key.expires}, "ttl": ttl}
    return item, pointer


def read(item: Mapping[str, Any]) -> StoredKey:
    """The key of an item."""
    return StoredKey(
        access_key_id=item["pk"]["S"].removeprefix("KEY#"),
        subject=item["subject"]["S"],
        user_name=item["user_name"]["S"],
        kind=Kind(item["kind"]["S"]),
        state=KeyState(item["state"]["S"]),
        secret=bytes(item["secret"]["B"]),
        created=item["created"]["S"],
        label=item["label"]["S"] if "label" in item else None,
        expires=item["expires"]["S"] if "expires" in item else None,
        successor=item["successor"]["S"] if "successor" in item else None,
        planned_end=item["planned_end"]["S"] if "planned_end" in item else None,
        topics=tuple(sorted(item["topics"]["SS"])) if "topics" in item else (),
        actions=tuple(sorted(item["actions"]["SS"])) if "actions" in item else (),
    )

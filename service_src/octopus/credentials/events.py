"""What the audit is told of keys and sessions: never a secret, a token or a session's policy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from octopus.audit.events import FABRIC, OPERATOR, Event
from octopus.audit.notices import Ending
from octopus.credentials.models import KeyState, Kind, StoredKey


@dataclass(frozen=True)
class Cause:
    """Who ended a key, and why."""

    actor: str
    """As `octopus.audit.events.Event` has it."""
    reason: str
    """In a few words, for the key's owner."""


WITH_ITS_ACCOUNT = Cause(FABRIC, "its account is deleted")
WITH_A_SUSPENSION = Cause(OPERATOR, "its account is suspended")
WHILE_SUSPENDED = Cause(FABRIC, "it expired while its account was suspended")
WITHOUT_A_RECORD = Cause(FABRIC, "no record names it")
IN_THE_WAY = Cause(FABRIC, "it did not work, and a new key needed its room")


def by_its_owner(subject: str) -> Cause:
    """The owner deleted it."""
    return Cause(subject, "its owner deleted it")


def by_rotation(subject: str) -> Cause:
    """The owner had another one put in its place, without overlap."""
    return Cause(subject, "another key took its place")


def issued(key: StoredKey) -> Event:
    """There is a new key, or a new session."""
    data: dict[str, str | list[str] | None] = {
        "access_key_id": key.access_key_id,
        "label": key.label,
        "expires": key.expires,
    }
    if key.kind is Kind.SESSION:
        limits = {"topics": list(key.topics), "actions": list(key.actions)}
        return Event(type="session.opened", actor=key.subject, subject=key.subject, data={**data, **limits})
    actor = OPERATOR if key.kind is Kind.PLATFORM else key.subject
    return Event(type="key.issued", actor=actor, subject=key.subject, data={**data, "kind": key.kind.value})


def rotated(key: StoredKey, *, replaced: str, until: str | None) -> Event:
    """A key took another's place.

    Args:
        replaced: access key id of the other.
        until: when the other ends; ISO-8601, UTC. None when it does not work any more.
    """
    data = {"access_key_id": replaced, "replaced_by": key.access_key_id, "works_until": until}
    return Event(type="key.rotated", actor=key.subject, subject=key.subject, data=data)


def ended(subject: str, access_key_id: str, cause: Cause) -> Event:
    """A key does not work any more."""
    return _ended("key.ended", subject, access_key_id, cause)


def session_ended(subject: str, access_key_id: str, cause: Cause) -> Event:
    """A session was ended before its time."""
    return _ended("session.ended", subject, access_key_id, cause)


def relabelled(subject: str, access_key_id: str, label: str) -> Event:
    """The owner calls it something else."""
    data = {"access_key_id": access_key_id, "label": label}
    return Event(type="key.relabelled", actor=subject, subject=subject, data=data)


def changed(subject: str, access_key_id: str, state: KeyState) -> Event:
    """Somebody deactivated a key in IAM, or activated it again."""
    data = {"access_key_id": access_key_id, "state": state.value}
    return Event(type="key.changed", actor=OPERATOR, subject=subject, data=data)


def bounded(subject: str, access_key_id: str, *, ends: str) -> Event:
    """A key that would have lived longer than the deployment lets any has an end.

    Args:
        ends: ISO-8601, UTC.
    """
    data = {"access_key_id": access_key_id, "expires": ends}
    return Event(type="key.bounded", actor=FABRIC, subject=subject, data=data)


def ending(key: StoredKey, *, ends: str) -> Ending:
    """The key works until its end, and its owner is told.

    Args:
        ends: ISO-8601, UTC.
    """
    data = {"access_key_id": key.access_key_id, "label": key.label, "ends": ends}
    return Ending(
        kind="key",
        reference=key.access_key_id,
        created=datetime.fromisoformat(key.created),
        ends=datetime.fromisoformat(ends),
        event=Event(type="key.ending", actor=FABRIC, subject=key.subject, data=data),
        to={key.subject},
    )


def _ended(type_: str, subject: str, access_key_id: str, cause: Cause) -> Event:
    data = {"access_key_id": access_key_id, "reason": cause.reason}
    return Event(type=type_, actor=cause.actor, subject=subject, data=data)

"""What a warning by mail says."""

from __future__ import annotations

from octopus.access.models import GranteeKind, Right
from octopus.audit.events import Event


def compose(event: Event) -> tuple[str, str]:
    """Subject and text of the letter that tells an event to whoever it concerns."""
    what, text, remedy, command = _PARTS[event.type](event)
    return f"Octopus: {what} ends soon", f"{text}\n\n{remedy}\n\n    {command}\n"


def _of_key(event: Event) -> tuple[str, str, str, str]:
    key = event.data["access_key_id"]
    return (
        f"access key {key}",
        f"Your access key {key} stops working on {event.data['ends']}.",
        "A new one takes its place, without a gap, with:",
        f"octopus key rotate {key}",
    )


def _of_grant(event: Event) -> tuple[str, str, str, str]:
    # By ids: what groups are called, and people, is text of somebody whom the addressee may not know.
    group = event.data["grantee_kind"] == GranteeKind.GROUP
    right, held = (
        event.data["right"],
        f"the Globus group {event.data['grantee']} has" if group else "you have",
    )
    place = ".".join(name for name in (event.namespace, event.topic) if name)
    return (
        f"{right} on {place}",
        f"The right `{right}` on {place} that {held} ends on {event.data['ends']}.",
        f"Whoever manages {place} can choose another end with:",
        f"{_giving(event, place)} --until TIME",
    )


def _giving(event: Event, place: str) -> str:
    grantee = event.data["grantee"]
    group = event.data["grantee_kind"] == GranteeKind.GROUP
    who = f"--group {grantee}" if group else grantee
    match event.data["right"]:
        case Right.MEMBER:
            return f"octopus project add {place} {who}"
        case Right.OWNER:
            return f"octopus project add {place} {who} --owner"
        case right:
            return f"octopus {'topic' if event.topic else 'project'} share {place} {who} --{right}"


def _of_project(event: Event) -> tuple[str, str, str, str]:
    name = event.namespace
    return (
        f"project {name}",
        f"The project {name} ends on {event.data['ends']}: from then on it can be read and not written.",
        "Its owners can choose another end with:",
        f"octopus project set {name} --ends TIME",
    )


_PARTS = {"key.ending": _of_key, "grant.ending": _of_grant, "project.ending": _of_project}
"""What ends, the sentence that says so, and what to do about it with which command, by the event's type."""

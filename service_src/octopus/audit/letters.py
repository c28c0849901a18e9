"""What a warning by mail says."""

from __future__ import annotations

from octopus.audit.events import Event

_TEXTS = {
    "key.ending": (
        "access key {access_key_id}",
        "Your access key {access_key_id} stops working on {ends}.\n\n"
        "A new one in its place, without a gap:\n\n"
        "    octopus key rotate {access_key_id}\n",
    ),
    "grant.ending": (
        "{right} on {what}",
        "The right {right} on {what}, which {grantee} has, ends on {ends}.\n\n"
        "Whoever manages {what} can give it again:\n\n"
        "    octopus {command} share {what} --help\n",
    ),
    "project.ending": (
        "project {what}",
        "The project {what} ends on {ends}. From then on its topics can be read and not written.\n\n"
        "Its owners can choose another date:\n\n"
        "    octopus project set {what} --help\n",
    ),
}
"""Subject and text by the event's type; the words in braces are of the event's data."""


def compose(event: Event) -> tuple[str, str]:
    """Subject and text of the letter that tells an event to whoever it concerns."""
    what, text = _TEXTS[event.type]
    name = f"{event.namespace}.{event.topic}" if event.topic else event.namespace
    told = {**event.data, "what": name, "command": "topic" if event.topic else "project"}
    return f"Octopus: {what.format(**told)} ends soon", text.format(**told)

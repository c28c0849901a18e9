"""Who is calling."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Caller:
    """A Globus identity that proved itself with an access token meant for this service."""

    subject: str
    """Lower-case UUID."""
    username: str | None
    """As Globus Auth shows it to people; no key for anything."""
    expires: int
    """When the token ends, in seconds since the epoch."""
    scopes: frozenset[str]
    linked: frozenset[str] = frozenset()
    """Identities (UUIDs) that Globus Auth has linked to this one, without it."""

    @property
    def identities(self) -> frozenset[str]:
        """All that this person is known as: what grants and group memberships are matched with."""
        return self.linked | {self.subject}

"""What a credential is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from octopus.settings import DeployedSettings

MOST_KEYS = 2
"""IAM's ceiling for one user."""


class Kind(StrEnum):
    """Whose key it is; the judge treats platform principals without a permissions boundary's layer."""

    IAM_USER = "iam-user"
    PLATFORM = "platform"
    SESSION = "session"


class KeyState(StrEnum):
    """Whether a key may be used; the judge takes active ones alone."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    """Somebody deactivated it in IAM by hand."""
    SUSPENDED = "suspended"
    """Its account is suspended; it comes back with it."""


@dataclass(frozen=True, kw_only=True)
class StoredKey:
    """A key as the credentials table holds it; its secret is still encrypted."""

    access_key_id: str
    subject: str
    user_name: str
    kind: Kind
    state: KeyState = KeyState.ACTIVE
    secret: bytes = field(repr=False)
    created: str
    """ISO-8601, UTC."""
    label: str | None = None
    expires: str | None = None
    """ISO-8601, UTC; None for a key that lives until it is deleted."""
    successor: str | None = None
    """Access key id of the key that took its place; this one works beside it until it expires."""
    planned_end: str | None = None
    """Of a key with a successor: when it would have expired without one, if ever."""
    topics: tuple[str, ...] = ()
    """Of a session: what it is limited to, as its owner named it."""
    actions: tuple[str, ...] = ()
    """Of a session: ``read``, ``write`` or both."""

    def expired(self) -> bool:
        """Whether its time is over."""
        return self.expires is not None and datetime.fromisoformat(self.expires) <= datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class UsableKey:
    """A key in the hands of its owner."""

    access_key_id: str
    secret: str = field(repr=False)
    created: str
    fresh: bool
    """Made by this call: IAM on AWS may need some seconds until it is known everywhere."""
    label: str | None = None
    expires: str | None = None
    usable_after: str | None = None
    """ISO-8601, UTC: from when on brokers should take it; None when they do already."""


@dataclass(frozen=True, kw_only=True)
class KeyRules:
    """Which keys users of a deployment get."""

    issued: bool
    """Whether they get any that last, rather than sessions only."""
    longest: timedelta | None
    """Life of one at most; None for no bound."""
    spread: bool
    """Whether brokers take a key only when IAM has spread it: MSK's."""

    @classmethod
    def of(cls, settings: DeployedSettings) -> KeyRules:
        """Those of a deployment."""
        return cls(
            issued=settings.credentials == "iam-user",
            longest=timedelta(days=settings.key_days_most) if settings.key_days_most else None,
            spread=settings.kafka != "external",
        )


@dataclass(frozen=True, kw_only=True)
class Rotation:
    """A key that took the place of another."""

    key: UsableKey
    replaced: str
    """Access key id of the other."""
    replaced_expires: str | None
    """ISO-8601, UTC: until when the other works; None when it does not any more."""


@dataclass(frozen=True, kw_only=True)
class ListedKey:
    """A key without its secret, and when it last signed anything."""

    stored: StoredKey
    last_used: str | None
    """ISO-8601, UTC; at most five minutes behind."""


class NoRoomError(Exception):
    """The principal has as many working keys as IAM lets it have.

    Attributes:
        keys: those keys, newest first.
    """

    def __init__(self, keys: Sequence[StoredKey]) -> None:
        super().__init__(f"{len(keys)} keys work")
        self.keys = tuple(keys)

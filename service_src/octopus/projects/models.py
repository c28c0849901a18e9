"""What a project is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import JsonValue

from octopus.access.models import Right
from octopus.accounts.models import State
from octopus.topics.settings import TopicSettings


class Standing(StrEnum):
    """What can be done with a project now, as its members are told."""

    ACTIVE = "active"
    FROZEN = "frozen"
    """Its end has come: it is read and not written, until an owner gives it another end, or ends it."""
    ENDING = "ending"
    """Nobody has access any more; what is left of it is being removed."""


class Offer(StrEnum):
    """What an owner may want to do with a project whose end is long past."""

    EXPORT = "export"
    DELETE = "delete"


@dataclass(frozen=True, kw_only=True)
class Project:
    """A project as the registry holds it."""

    name: str
    state: State
    description: str
    contact: str
    ends: datetime | None
    """UTC, whole seconds; None for one without an end."""
    defaults: TopicSettings = field(default_factory=TopicSettings)
    """Of topics made without settings of their own."""
    bounds: Mapping[str, int] = field(default_factory=dict)
    """The most that its topics may be given, by field of `TopicSettings`, if less than the deployment's."""
    created: str
    """ISO-8601, UTC."""
    created_by: str
    """Subject."""
    withdrawn: float | None = None
    """When the last grant on a project that is being removed was taken; s since epoch."""
    ended_by: str | None = None
    """Subject of whoever ended a project that is being removed."""

    def standing(self, now: datetime) -> Standing:
        """What can be done with it at that moment."""
        if self.state is not State.ACTIVE:
            return Standing.ENDING
        return Standing.FROZEN if self.ends is not None and self.ends <= now else Standing.ACTIVE

    def offers(self, now: datetime, *, grace: timedelta) -> tuple[Offer, ...]:
        """What its owners are offered once its end is ``grace`` ago."""
        if self.ends is None or now - grace < self.ends:
            return ()
        return (Offer.EXPORT, Offer.DELETE)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A project as one caller sees it."""

    project: Project
    standing: Standing
    offers: tuple[Offer, ...]
    rights: frozenset[Right]
    """The caller's, on the project as a whole."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One setting that is to be another."""

    field: str
    before: JsonValue
    after: JsonValue


@dataclass(frozen=True, kw_only=True)
class EndPlan:
    """What ending a project takes away."""

    topics: tuple[str, ...]
    grants: int
    """Memberships too."""
    groups: tuple[str, ...]
    """Consumer groups at Kafka."""

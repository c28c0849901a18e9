"""What a registration is to be, and what was found of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Mode(StrEnum):
    """How far a run may go."""

    CHECK = "check"
    """Reads alone."""
    MAKE = "make"
    """Makes what is missing; what is there stays as it is."""
    FIX = "fix"
    """Changes what differs, too."""


class State(StrEnum):
    """Of one part of the registration, after the run."""

    THERE = "there"
    MADE = "made"
    MENDED = "mended"
    MISSING = "missing"
    DIFFERS = "differs"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The registration of one institution."""

    project: str
    """Name of the project."""
    client: str
    """Name of the service's client, and the beginning of the native client's."""
    client_id: str | None = None
    """The service's client, when it was registered under whatever name."""
    contact: str | None = None
    """E-mail address of a new project; who is logged in, when not given."""
    new_secret: bool = False
    """Whether a secret that works is to give way to another."""
    redirects: tuple[str, ...]
    """Addresses that a native client may be sent back to."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One part, and how it stands."""

    part: str
    state: State
    about: str
    """What it is, and what is wrong with it; never a secret."""

    @property
    def settled(self) -> bool:
        """Whether nothing is left to do."""
        return self.state not in (State.MISSING, State.DIFFERS)


@dataclass(kw_only=True)
class Outcome:
    """Of one run."""

    findings: list[Finding] = field(default_factory=list)
    client_id: str | None = None
    """The service's client: the setting ``globus_client_id``."""
    native_client_id: str | None = None
    """What people log in with on the command line."""

    @property
    def settled(self) -> bool:
        """Whether the registration is complete and as wanted."""
        return all(each.settled for each in self.findings)

    def add(self, part: str, state: State, about: str) -> None:
        """Note how a part stands."""
        self.findings.append(Finding(part=part, state=state, about=about))

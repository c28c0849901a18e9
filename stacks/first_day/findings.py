"""What a check found, and how a person is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Of one thing that was looked at."""

    OK = "ok"
    FAILS = "fails"
    UNKNOWN = "cannot tell"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the report."""

    about: str
    """The thing, in two or three words."""
    state: State
    says: str
    """What was found; never a secret."""
    fix: str = ""
    """What to do, in words, with the command."""

    def __str__(self) -> str:
        line = f"{self.state:<11}  {self.about}: {self.says}"
        return f"{line}\n{'':<11}  -> {self.fix}" if self.fix else line


def ok(about: str, says: str) -> Finding:
    """Nothing is left to do."""
    return Finding(about=about, state=State.OK, says=says)


def fails(about: str, says: str, fix: str) -> Finding:
    """The installation would fail, or not work, because of this."""
    return Finding(about=about, state=State.FAILS, says=says, fix=fix)


def cannot_tell(about: str, says: str, fix: str = "") -> Finding:
    """Nobody could be asked, or not yet."""
    return Finding(about=about, state=State.UNKNOWN, says=says, fix=fix)

"""Asks before anything is lost."""

from __future__ import annotations

import sys


def confirmed(institution: str, yes: str | None, what: str) -> bool:
    """Return whether the operator gave the institution's name, beforehand or to the question."""
    if yes is None:
        sys.stdout.write(f"\n{what}. Type the institution's name to go on: ")
        sys.stdout.flush()
        yes = sys.stdin.readline().strip()
    if yes == institution:
        return True
    sys.stdout.write(f"{yes!r} is not {institution!r}: nothing was changed.\n")
    return False

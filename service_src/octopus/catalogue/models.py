"""What a search finds."""

from __future__ import annotations

from dataclasses import dataclass

from octopus.topics.about import About


@dataclass(frozen=True)
class Found:
    """A topic, as somebody who may know of it is told."""

    name: str
    """Full name."""
    about: About
    mine: bool
    """Whether he has a right on it, rather than seeing it only because it is listed."""

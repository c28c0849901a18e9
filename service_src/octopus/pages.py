"""Long lists, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from pydantic import Field

Next = Annotated[
    str | None,
    Field(description="What to hand over as `after` for the entries that follow; null at the end."),
]

Entry = TypeVar("Entry")


@dataclass(frozen=True)
class Page(Generic[Entry]):
    """Some entries of a list."""

    entries: Sequence[Entry]
    next: str | None
    """Key of the last of them when more follow; None at the end."""


def page(entries: Sequence[Entry], key: Callable[[Entry], str], limit: int, after: str | None) -> Page[Entry]:
    """The first ``limit`` entries whose key comes after ``after``, in order of key.

    Entries that come or go meanwhile are on no page or on one: no other entry is left out for them.
    """
    ordered = sorted(entries, key=key)
    rest = ordered if after is None else [entry for entry in ordered if key(entry) > after]
    some = rest[:limit]
    return Page(some, key(some[-1]) if len(rest) > limit else None)

"""Long lists, a page at a time."""

from __future__ import annotations

import pytest

from octopus.pages import page

NAMES = ["delta", "alpha", "charlie", "bravo"]


def pages(limit: int) -> list[list[str]]:
    """Every page of the names."""
    found, after = [], None
    while True:
        one = page(NAMES, str, limit, after)
        found.append(list(one.entries))
        if one.next is None:
            return found
        after = one.next


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (1, [["alpha"], ["bravo"], ["charlie"], ["delta"]]),
        (3, [["alpha", "bravo", "charlie"], ["delta"]]),
        (4, [["alpha", "bravo", "charlie", "delta"]]),
        (1000, [["alpha", "bravo", "charlie", "delta"]]),
    ],
)
def test_every_entry_is_on_one_page_in_order(limit: int, expected: list[list[str]]) -> None:
    assert pages(limit) == expected


def test_nothing_is_one_empty_page() -> None:
    nothing: list[str] = []
    one = page(nothing, str, 10, None)

    assert (list(one.entries), one.next) == ([], None)


def test_page_after_an_entry_that_went_meanwhile_begins_with_the_next() -> None:
    assert list(page(["alpha", "charlie"], str, 1, "bravo").entries) == ["charlie"]

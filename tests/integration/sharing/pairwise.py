"""Rows in which every two values of different factors meet at least once."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import combinations, product

Pair = tuple[tuple[int, Hashable], tuple[int, Hashable]]


def pairwise(*factors: Sequence[Hashable]) -> list[tuple[Hashable, ...]]:
    """A covering array of strength two, as small as taking the best value at each step makes it."""
    left = dict.fromkeys(
        ((i, a), (j, b))
        for (i, one), (j, other) in combinations(enumerate(factors), 2)
        for a, b in product(one, other)
    )
    rows = []
    while left:
        row = dict(next(iter(left)))
        for number, values in enumerate(factors):
            if number not in row:
                row[number] = max(
                    values, key=lambda value: sum(pair in left for pair in _met(row, number, value))
                )
        rows.append(tuple(row[number] for number in range(len(factors))))
        for pair in combinations(enumerate(rows[-1]), 2):
            left.pop(pair, None)
    return rows


def _met(row: dict[int, Hashable], number: int, value: Hashable) -> list[Pair]:
    """Pairs of a value with those that a row has already."""
    return [
        ((other, row[other]), (number, value)) if other < number else ((number, value), (other, row[other]))
        for other in row
    ]

"""Figures of a measured leg against those of its control, pair by pair."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Figures = Mapping[str, float]
"""What one round of one leg gave, by name."""


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """Measured over control."""

    median: float
    """Of the ratios of all pairs."""
    low: float
    """Of the worst pair; with ``high``, an interval: see ``confidence_of_range``."""
    high: float
    pairs: int


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One figure of both legs."""

    measured: float
    """Median over the rounds."""
    control: float
    ratio: Ratio | None
    """None when the control was zero in some round, as processor time that it did not need is."""


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """What a ratio is expected to be; reported, never asserted."""

    at_least: float | None = None
    at_most: float | None = None

    def met(self, ratio: float) -> bool:
        """Whether a ratio is within both bounds."""
        return (self.at_least is None or ratio >= self.at_least) and (
            self.at_most is None or ratio <= self.at_most
        )


def confidence_of_range(pairs: int) -> float:
    """Probability that the range of so many ratios holds their true median, whatever their distribution.

    It fails only when all of them fall on one side of the median (sign test): 1 - 2^(1-n).
    """
    return 1 - 2.0 ** (1 - pairs)


def paired_ratio(measured: Sequence[float], control: Sequence[float]) -> Ratio:
    """The ratio of two legs that ran in turn: round i of one is divided by round i of the other.

    Neighbours in time share the machine's mood, so slow drift cancels; a pair that was disturbed moves
    the interval, not the median.

    Raises:
        ValueError: there are no pairs, a round has no partner, or a control is not above zero.
    """
    if not measured:
        raise ValueError("a ratio needs at least one pair")
    ratios = []
    for one, other in zip(measured, control, strict=True):
        if other <= 0:
            raise ValueError(f"a control must be above 0, not {other}")
        ratios.append(one / other)
    return Ratio(median=statistics.median(ratios), low=min(ratios), high=max(ratios), pairs=len(ratios))


def compare(measured: Sequence[Figures], control: Sequence[Figures]) -> dict[str, Compared]:
    """Each figure that every round has, in the order of the first round.

    Raises:
        ValueError: rounds have no partner, or not the same figures.
    """
    names = list(measured[0]) if measured else []
    if any(list(figures) != names for figures in (*measured, *control)):
        raise ValueError("all rounds must have the same figures")
    compared = {}
    for name in names:
        ours, theirs = [row[name] for row in measured], [row[name] for row in control]
        compared[name] = Compared(
            measured=statistics.median(ours),
            control=statistics.median(theirs),
            ratio=paired_ratio(ours, theirs) if all(theirs) else None,
        )
    return compared


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least ``percent`` of all values do not exceed (nearest rank).

    Raises:
        ValueError: there are no values, or ``percent`` is not within 0 to 100.
    """
    if not values or not 0 <= percent <= 100:
        raise ValueError(f"no {percent}th percentile of {len(values)} values")
    ranked = sorted(values)
    rank = -(-len(ranked) * percent // 100)
    return ranked[max(int(rank), 1) - 1]

"""The benchmarks' statistics: medians, intervals and pairs."""

from __future__ import annotations

import pytest

from load_tests.comparison import Ratio, Threshold, compare, confidence_of_range, paired_ratio, percentile


def test_ratio_of_pairs_is_the_median_of_their_ratios_within_their_range() -> None:
    assert paired_ratio([2, 9, 4], [1, 3, 4]) == Ratio(median=2, low=1, high=3, pairs=3)


def test_drift_that_both_legs_share_leaves_no_mark() -> None:
    # The machine slows down tenfold during the run: the medians of each leg would not tell.
    measured, control = [50, 40, 10, 5], [100, 80, 20, 10]
    assert paired_ratio(measured, control) == Ratio(median=0.5, low=0.5, high=0.5, pairs=4)


def test_one_disturbed_pair_moves_the_range_and_not_the_median() -> None:
    ratio = paired_ratio([1, 1, 1, 100, 1], [2, 2, 2, 2, 2])
    assert (ratio.median, ratio.low, ratio.high) == (0.5, 0.5, 50)


def test_an_even_number_of_pairs_has_its_median_between_the_middle_two() -> None:
    assert paired_ratio([1, 2], [1, 1]).median == 1.5


def test_confidence_is_that_of_the_sign_test() -> None:
    assert confidence_of_range(1) == 0
    assert confidence_of_range(7) == 1 - 2 / 2**7


@pytest.mark.parametrize(
    ("measured", "control"),
    [([], []), ([1, 2], [1]), ([1], [0]), ([1], [-1])],
    ids=["no-pairs", "no-partner", "zero", "negative"],
)
def test_ratio_of_what_does_not_pair_is_refused(measured: list[float], control: list[float]) -> None:
    with pytest.raises(ValueError, match=r"pair|shorter|above 0"):
        paired_ratio(measured, control)


def test_each_figure_is_compared_in_its_order() -> None:
    compared = compare(
        [{"events/s": 10, "ms": 3}, {"events/s": 30, "ms": 1}],
        [{"events/s": 20, "ms": 1}, {"events/s": 20, "ms": 1}],
    )
    assert list(compared) == ["events/s", "ms"]
    assert (compared["events/s"].measured, compared["events/s"].control) == (20, 20)
    assert compared["ms"].ratio == Ratio(median=2, low=1, high=3, pairs=2)


def test_a_control_that_needed_nothing_gives_no_ratio() -> None:
    compared = compare([{"CPU": 2}, {"CPU": 4}], [{"CPU": 0}, {"CPU": 1}])
    assert (compared["CPU"].measured, compared["CPU"].control, compared["CPU"].ratio) == (3, 0.5, None)


def test_rounds_with_other_figures_are_refused() -> None:
    with pytest.raises(ValueError, match="same figures"):
        compare([{"events/s": 1}], [{"requests/s": 1}])


@pytest.mark.parametrize(("percent", "value"), [(0, 1), (50, 5), (51, 6), (99, 10), (100, 10)])
def test_percentile_is_a_value_that_was_seen(percent: float, value: float) -> None:
    assert percentile([7, 3, 1, 9, 5, 10, 2, 8, 4, 6], percent) == value


@pytest.mark.parametrize(("values", "percent"), [([], 50), ([1.0], -1), ([1.0], 101)])
def test_percentile_of_nothing_or_beyond_is_refused(values: list[float], percent: float) -> None:
    with pytest.raises(ValueError, match="percentile"):
        percentile(values, percent)


@pytest.mark.parametrize(
    ("threshold", "ratio", "met"),
    [
        (Threshold(), 9, True),
        (Threshold(at_least=0.5), 0.5, True),
        (Threshold(at_least=0.5), 0.49, False),
        (Threshold(at_most=2), 2, True),
        (Threshold(at_most=2), 2.01, False),
        (Threshold(at_least=1, at_most=2), 3, False),
    ],
)
def test_threshold_is_met_within_both_bounds(threshold: Threshold, ratio: float, met: bool) -> None:
    assert threshold.met(ratio) is met

"""Where a group is set to, from what a person writes."""

from __future__ import annotations

import pytest

from octopus.errors import InvalidError
from octopus.groups.names import complete
from octopus.groups.targets import (
    Anchor,
    Selection,
    Target,
    destination,
    parse_selection,
    parse_target,
)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("earliest", Target(Anchor.EARLIEST)),
        ("latest", Target(Anchor.LATEST)),
        ("0", Target(Anchor.OFFSET, 0)),
        ("1200", Target(Anchor.OFFSET, 1200)),
        ("-100", Target(Anchor.SHIFT, -100)),
        ("+7", Target(Anchor.SHIFT, 7)),
        ("1970-01-01T00:01", Target(Anchor.TIMESTAMP, 60_000)),
        ("1970-01-01T02:00:00+02:00", Target(Anchor.TIMESTAMP, 0)),
    ],
)
def test_target_is_read_as_it_is_written(text: str, target: Target) -> None:
    assert parse_target(text) == target


@pytest.mark.parametrize("text", ["", "soon", "1.5", "--1", "offset", "12:00"])
def test_other_target_is_refused_with_what_there_is(text: str) -> None:
    with pytest.raises(InvalidError, match="earliest, latest, an offset such as"):
        parse_target(text)


def test_selection_is_a_topic_or_one_of_its_partitions() -> None:
    assert parse_selection("readings") == Selection("readings")
    assert parse_selection("ns-a.readings:3") == Selection("ns-a.readings", 3)
    with pytest.raises(InvalidError, match="TOPIC:PARTITION"):
        parse_selection("readings:first")


@pytest.mark.parametrize(
    ("target", "committed", "found", "expected"),
    [
        (Target(Anchor.EARLIEST), 5, None, 2),
        (Target(Anchor.LATEST), None, None, 9),
        (Target(Anchor.OFFSET, 4), None, None, 4),
        (Target(Anchor.OFFSET, 1), 5, None, 2),
        (Target(Anchor.OFFSET, 99), 5, None, 9),
        (Target(Anchor.SHIFT, -2), 6, None, 4),
        (Target(Anchor.SHIFT, -100), 6, None, 2),
        (Target(Anchor.SHIFT, 100), 6, None, 9),
        (Target(Anchor.TIMESTAMP, 1), 6, 7, 7),
        (Target(Anchor.TIMESTAMP, 1), 6, None, 9),
    ],
)
def test_destination_stays_between_first_and_next_offset(
    target: Target, committed: int | None, found: int | None, expected: int
) -> None:
    assert destination(target, committed=committed, bounds=(2, 9), found=found) == expected


def test_shift_without_a_committed_offset_is_refused() -> None:
    with pytest.raises(InvalidError, match="this partition has none"):
        destination(Target(Anchor.SHIFT, 1), committed=None, bounds=(0, 9), found=None)


def test_bare_name_gets_the_namespace_in_front() -> None:
    assert complete("ns-a", "readers") == "ns-a.readers"
    assert complete("ns-a", "ns-b.readers") == "ns-b.readers"

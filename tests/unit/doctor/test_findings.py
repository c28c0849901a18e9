"""Going through checks: order, needs, and a check that breaks."""

from __future__ import annotations

import re
from pathlib import Path

from octopus.doctor.findings import Check, Finding, NotKnownError, Status, examine, failed, ok
from octopus.doctor.platform import OPERATOR_CHECKS
from octopus.doctor.user import USER_CHECKS


def _unknown(_case: None) -> Finding:
    raise NotKnownError("nobody said where")


def _broken(_case: None) -> Finding:
    raise ZeroDivisionError("by nought")


def test_check_is_skipped_for_want_of_another_and_says_which() -> None:
    checks = (
        Check[None]("roof", "the roof", lambda _: failed("it leaks", "mend it")),
        Check[None]("floor", "the floor", lambda _: ok("dry"), ("roof",)),
        Check[None]("bed", "the bed", lambda _: ok("dry"), ("floor",)),
        Check[None]("wall", "the wall", lambda _: ok("stands")),
    )
    found = {result.name: result.finding for result in examine(checks, None)}
    assert [found[name].status for name in ("roof", "floor", "bed", "wall")] == [
        Status.FAILED,
        Status.SKIPPED,
        Status.SKIPPED,
        Status.OK,
    ]
    assert found["floor"].detail == "because 'the roof' failed"
    assert found["bed"].detail == "because 'the floor' skipped"


def test_check_that_breaks_does_not_end_the_examination() -> None:
    checks = (
        Check[None]("one", "one", _broken),
        Check[None]("two", "two", _unknown),
        Check[None]("three", "three", lambda _: ok("fine")),
    )
    one, two, three = (result.finding for result in examine(checks, None))
    assert one.status is Status.FAILED
    assert "ZeroDivisionError: by nought" in one.detail
    assert two == Finding(Status.SKIPPED, "nobody said where")
    assert three.status is Status.OK


def test_every_need_is_a_check_before_it() -> None:
    for checks in (USER_CHECKS, OPERATOR_CHECKS):
        before: set[str] = set()
        for check in checks:
            assert set(check.needs) <= before, check.name
            assert check.name not in before
            before.add(check.name)


def test_documentation_has_every_check() -> None:
    text = (Path(__file__).parents[3] / "docs" / "doctor.md").read_text()
    _, user, operator = re.split(r"^## As .*$", text, flags=re.MULTILINE)
    for checks, section in ((USER_CHECKS, user), (OPERATOR_CHECKS, operator)):
        assert [check.name for check in checks if f"`{check.name}`" not in section] == []

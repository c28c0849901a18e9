"""A change that is meant passes until its day; nothing else passes with it."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from stacks.guard import acknowledged, command, release
from stacks.guard.acknowledged import AcknowledgementError
from stacks.guard.changes import Change, Kind
from stacks.guard.release import Release
from tests.infrastructure.guarded import TABLE

TODAY = datetime.date(2026, 11, 22)


def _written(until: datetime.date, **other: str) -> str:
    fields = {
        "kind": "replaced",
        "resource": TABLE,
        "what": "TableName",
        "reason": "It was empty.",
        **other,
    }
    return (
        "[[change]]\n"
        + "".join(f'{name} = "{value}"\n' for name, value in fields.items())
        + f"until = {until}\n"
    )


def _change() -> Change:
    return Change(Kind.REPLACED, TABLE, "TableName", "it would be")


@pytest.mark.parametrize(("days", "passes"), [(0, True), (90, True), (-1, False)])
def test_acknowledgement_ends_with_its_day(days: int, passes: bool, tmp_path: Path) -> None:
    file = tmp_path / "acknowledged.toml"
    file.write_text(_written(TODAY + datetime.timedelta(days=days)))
    objection = command.objection(_change(), ["one"], acknowledged.read(file, today=TODAY), TODAY)
    assert (objection == "") == passes
    assert passes or "2026-11-21, which has passed" in objection


@pytest.mark.parametrize(
    "other", [{"kind": "removed"}, {"resource": "foundation/Other"}, {"what": "KeySchema"}], ids=str
)
def test_acknowledgement_is_of_one_change(other: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "acknowledged.toml"
    file.write_text(_written(TODAY, **other))
    assert command.objection(_change(), ["one"], acknowledged.read(file, today=TODAY), TODAY)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (_written(TODAY + datetime.timedelta(days=91)), "within 90 days"),
        (_written(TODAY, kind="moved"), "kind must be one of removed, replaced"),
        (_written(TODAY, reason=" "), "reason must say why"),
        (_written(TODAY, who="me"), "must have kind, reason, resource, until, what and nothing else"),
        (_written(TODAY).replace("until = 2026-11-22", 'until = "2026-11-22"'), "without quotes"),
        ("[[change", "acknowledged.toml: "),
    ],
)
def test_wrong_acknowledgement_is_refused_with_its_rule(text: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "acknowledged.toml"
    file.write_text(text)
    with pytest.raises(AcknowledgementError, match=r"^acknowledged\.toml") as refused:
        acknowledged.read(file, today=TODAY)
    assert says in str(refused.value)


def test_acknowledgement_that_nothing_needs_is_an_objection(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    release.write(Release("1.0.0", "abc", {}), tmp_path)
    (tmp_path / "acknowledged.toml").write_text(_written(datetime.datetime.now(datetime.UTC).date()))
    assert command.main(["--releases", str(tmp_path)]) == 1
    assert f"acknowledged, and no such change: replaced {TABLE} TableName;" in capsys.readouterr().out

"""What requests about sharing may hold."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from octopus.projects.replies import NewMember, NewProject, ProjectChange
from octopus.sharing.replies import NewGrant

GROUP = "c3a1f0de-1b1c-4b5e-9d7e-6a1f5f0d2c11"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"right": "read"}, "one of the two"),
        ({"right": "read", "who": "ada@example.org", "group": GROUP}, "one of the two"),
        ({"right": "own", "who": "ada@example.org"}, "Input should be 'read', 'write' or 'manage'"),
        ({"right": "member", "who": "ada@example.org"}, "Input should be 'read', 'write' or 'manage'"),
        ({"right": "read", "group": "beamline"}, "valid UUID"),
        ({"right": "read", "who": "ada@example.org", "until": "2027-04-01T00:00:00"}, "timezone"),
        ({"right": "read", "who": "ada@example.org", "for": "ever"}, "Extra inputs"),
    ],
)
def test_grant_that_is_none_is_refused(body: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        NewGrant.model_validate(body)


def test_end_is_kept_in_utc_and_whole_seconds() -> None:
    wanted = NewGrant.model_validate(
        {"right": "read", "who": "ada@example.org", "until": "2027-04-01T00:00:00.7+02:00"}
    )

    assert wanted.until == datetime(2027, 3, 31, 22, tzinfo=UTC)
    assert wanted.until.tzinfo is UTC


def test_group_is_named_in_lower_case() -> None:
    assert NewMember.model_validate({"group": GROUP.upper()}).named().group == GROUP


def test_change_names_what_it_holds_and_nothing_else() -> None:
    change = ProjectChange.model_validate({"ends": None, "defaults": {"retention_hours": 2}, "bounds": {}})

    named = change.named()

    assert sorted(named) == ["bounds", "defaults", "ends"]
    assert (named["ends"], named["bounds"]) == (None, {})
    assert named["defaults"].told() == {"retention_ms": 7_200_000}


def test_bounds_are_named_as_topics_have_them() -> None:
    wanted = NewProject.model_validate({"bounds": {"partitions": 4, "retention_hours": 1}})

    assert wanted.bounds.most() == {"partitions": 4, "retention_ms": 3_600_000}


@pytest.mark.parametrize(
    "body", [{"description": "x" * 501}, {"description": None}, {"ends": "soon"}, {"bounds": {"topics": 3}}]
)
def test_project_that_is_none_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        NewProject.model_validate(body)

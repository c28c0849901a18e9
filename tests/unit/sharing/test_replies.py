"""What requests about sharing may hold."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import ValidationError

from octopus.access.models import Grant, Grantee, GranteeKind, Right
from octopus.projects.replies import NewMember, NewProject, ProjectChange
from octopus.sharing.replies import GrantShown, NewGrant

GROUP = "c3a1f0de-1b1c-4b5e-9d7e-6a1f5f0d2c11"
PERSON = "b4e0d0c2-5b3c-4d4e-9a52-0f5d5b0c7d11"


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


def test_time_that_is_shown_is_in_utc_and_whole_seconds() -> None:
    reply = GrantShown.of(
        Grant(
            namespace="lab-a",
            topic="events",
            grantee=Grantee(GranteeKind.USER, PERSON),
            right=Right.READ,
            until=datetime(2027, 4, 1, tzinfo=timezone(timedelta(hours=2))),
            by=PERSON,
            created=datetime(2026, 11, 22, 12, 0, 0, 618_033, tzinfo=UTC),
        )
    )

    told = json.loads(reply.model_dump_json())

    assert (told["until"], told["created"]) == ("2027-03-31T22:00:00Z", "2026-11-22T12:00:00Z")


@pytest.mark.parametrize("until", ["9999-12-31T23:59:59-05:00", "0001-01-01T00:00:00+05:00"])
def test_end_outside_the_calendar_is_refused(until: str) -> None:
    with pytest.raises(ValidationError, match="of the years 1 to 9999"):
        NewGrant.model_validate({"right": "read", "who": "ada@example.org", "until": until})


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

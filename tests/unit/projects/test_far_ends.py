"""Projects whose end is as far away as can be written down."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from octopus.errors import InvalidError
from tests.unit.projects.lab import Lab

NAME = "beamline-7"
LAST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_end_that_is_too_far_away_to_count_with_is_refused(lab: Lab) -> None:
    with pytest.raises(InvalidError, match=r"^ends: must be in a year up to 9998 in UTC"):
        lab.create(NAME, ends=LAST)
    lab.create(NAME, ends=LAST.replace(year=9998))
    with pytest.raises(InvalidError, match=r"^ends: must be in a year up to 9998 in UTC"):
        lab.projects.change(lab.ada, NAME, {"ends": LAST}, dry_run=False)

    assert lab.projects.describe(lab.ada, NAME).project.ends == LAST.replace(year=9998)


def test_project_whose_end_is_the_calendars_is_shown(lab: Lab) -> None:
    lab.create(NAME)
    lab.world.client.update_item(
        TableName=lab.world.table,
        Key={"pk": {"S": f"NAMESPACE#{NAME}"}, "sk": {"S": "NAMESPACE"}},
        UpdateExpression="SET ends = :ends",
        ExpressionAttributeValues={":ends": {"S": LAST.isoformat()}},
    )

    (seen,) = lab.projects.listed(lab.ada)

    assert (seen.project.ends, seen.offers) == (LAST, ())

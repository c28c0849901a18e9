"""What others gave an account, and what it gave them, when it goes or is suspended."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import pytest

from octopus.access.models import EVERY_TOPIC, Right, user
from octopus.access.refresh import POLICIES_S
from octopus.access.rights import EVERYBODYS
from octopus.errors import Failure
from octopus.iam.holdings import own
from octopus.registry.transactions import write_together
from octopus.topics.settings import TopicSettings
from tests.callers import caller_of
from tests.integration.accounts.crash import known_policy, require_sound
from tests.integration.accounts.fabric import Fabric
from tests.integration.accounts.operations import account_without_key, grant, moving

PROJECT = "beamline-7"


@pytest.fixture
def owner(fabric: Fabric) -> Fabric:
    """Somebody who owns a project alone; another one has an account too."""
    account_without_key(fabric)
    account_without_key(fabric.of_friend())
    fabric.features.projects.create(
        caller_of(fabric.subject),
        PROJECT,
        description="",
        contact="",
        ends=None,
        defaults=TopicSettings(),
        bounds={},
    )
    return fabric


def test_only_owner_of_a_project_keeps_his_account_until_there_is_another(owner: Fabric, iam: Any) -> None:
    with pytest.raises(Failure, match=f"user is the only owner of project\\(s\\) {PROJECT}"):
        owner.features.accounts.delete(owner.subject)
    assert owner.features.overviews.deletion_plan(owner.subject).hindrances
    second = replace(grant(owner), namespace=PROJECT, topic=EVERY_TOPIC, right=Right.OWNER, until=None)
    owner.features.access.give(second)

    owner.features.accounts.delete(owner.subject)

    left = owner.features.access.grants_on(PROJECT)
    assert [(one.grantee, one.right) for one in left] == [(user(owner.friend), Right.OWNER)]
    with pytest.raises(Failure, match="only owner"):
        owner.features.accounts.delete(owner.friend)
    owner.wait(owner.settings.last_requests_s)
    require_sound(owner, iam)


def test_deleted_account_leaves_no_grant_of_either_direction(fabric: Fabric, iam: Any) -> None:
    moving(fabric)
    friend = fabric.of_friend()
    fabric.features.access.give(grant(friend))

    fabric.features.accounts.delete(fabric.subject)
    fabric.wait(POLICIES_S)

    assert [row for row in fabric.registry() if row[0].startswith("GRANT")] == []
    held = friend.features.access.holdings(friend.subject, [friend.namespace])
    assert held == own(friend.namespace) | EVERYBODYS
    fabric.wait(fabric.settings.last_requests_s)
    require_sound(fabric, iam)


def test_suspension_takes_away_what_others_hold_through_the_identity(fabric: Fabric, iam: Any) -> None:
    # The subject may read the friend's topic, and a third identity is linked to the subject's.
    moving(fabric.of_friend())
    third = replace(fabric, subject=str(uuid.uuid4()))
    account_without_key(third)
    table = fabric.settings.registry_table
    rows = (
        {
            "pk": {"S": f"SUBJECT#{third.subject}"},
            "sk": {"S": "IDENTITIES"},
            "linked": {"SS": [fabric.subject]},
        },
        {"pk": {"S": f"IDENTITY#{fabric.subject}"}, "sk": {"S": f"SUBJECT#{third.subject}"}},
    )
    notes = [{"Put": {"TableName": table, "Item": row}} for row in rows]
    write_together(fabric.deployment.client("dynamodb"), notes)  # type: ignore[arg-type]
    third.features.accounts.refresh(third.subject)
    through_link = known_policy(third)

    fabric.features.suspensions.suspend(fabric.subject)
    assert known_policy(third) != through_link
    held = third.features.access.holdings(third.subject, [third.namespace])
    assert held == own(third.namespace) | EVERYBODYS
    fabric.features.suspensions.resume(fabric.subject)

    assert known_policy(third) == through_link

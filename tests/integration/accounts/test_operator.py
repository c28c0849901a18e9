"""What an operator does for somebody who has left: with the account, and with its namespaces."""

from __future__ import annotations

from typing import Any

import pytest

from octopus.access.refresh import POLICIES_S
from octopus.accounts.models import State
from octopus.audit.events import OPERATOR
from octopus.errors import ForbiddenError
from tests.integration.accounts.crash import require_sound
from tests.integration.accounts.fabric import Fabric
from tests.integration.accounts.operations import moving
from tests.memory_kafka import MemoryKafka
from tests.trail import recorded


@pytest.fixture(params=[False, True], ids=["in use", "suspended"])
def gone(request: pytest.FixtureRequest, fabric: Fabric) -> Fabric:
    """Somebody with a topic, which a friend may read, who has left."""
    moving(fabric)
    if request.param:
        fabric.features.suspensions.suspend(fabric.subject)
    return fabric


def told(fabric: Fabric, kind: str) -> set[tuple[str, str | None]]:
    events = recorded(fabric.deployment.client("dynamodb"), fabric.settings.registry_table)
    return {(one.actor, one.subject) for one in events if one.type == kind}


def test_account_is_deleted_with_all_that_its_plan_names(gone: Fabric, iam: Any, kafka: MemoryKafka) -> None:
    plan = gone.features.overviews.deletion_plan(gone.subject)
    assert (set(plan.contents), plan.hindrances) == ({gone.namespace}, ())
    assert plan.contents[gone.namespace].topics.keys() == {gone.topic.partition(".")[2]}

    gone.features.accounts.delete(gone.subject, further_too=True, actor=OPERATOR)

    account = gone.features.accounts.find(gone.subject)
    assert account is not None
    assert account.state is State.DELETING
    assert told(gone, "account.deleted") == {(OPERATOR, gone.subject)}
    gone.features.refreshes.work_off()
    gone.clock.now += POLICIES_S
    gone.features.accounts.heal_all()
    assert {actor for actor, _ in told(gone, "grant.revoked")} == {OPERATOR}
    gone.wait(gone.settings.last_requests_s)
    assert gone.topic not in kafka.held
    require_sound(gone, iam)


def test_namespace_is_wiped_and_stays_its_owners(gone: Fabric, kafka: MemoryKafka) -> None:
    before = gone.features.accounts.find(gone.subject)

    gone.features.namespaces.wipe(gone.subject, gone.namespace, actor=OPERATOR)

    assert gone.topic not in kafka.held
    assert gone.features.access.grants_on(gone.namespace) == []
    assert gone.features.accounts.find(gone.subject) == before
    assert told(gone, "namespace.wiped") == {(OPERATOR, gone.subject)}


def test_suspended_owner_does_neither_himself(fabric: Fabric, kafka: MemoryKafka) -> None:
    moving(fabric)
    fabric.features.suspensions.suspend(fabric.subject)
    held = dict(kafka.held)

    with pytest.raises(ForbiddenError, match="is suspended"):
        fabric.features.accounts.delete(fabric.subject, further_too=True)
    with pytest.raises(ForbiddenError, match="not found"):
        fabric.features.namespaces.wipe(fabric.subject, fabric.namespace)

    assert kafka.held == held

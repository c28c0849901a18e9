"""A person moves to another identity: everything goes along, and nobody else gains or loses."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from octopus.access.models import EVERY_TOPIC, Grant, Right, user
from octopus.access.rights import EVERYBODYS
from octopus.accounts.models import State
from octopus.errors import Failure, ForbiddenError, InvalidError
from octopus.heartbeat.names import FULL_NAME as HEARTBEAT
from octopus.iam.holdings import DataRight, Level
from octopus.quotas.models import Holder, Limit
from tests.callers import caller_of
from tests.integration.accounts.crash import require_sound
from tests.integration.accounts.fabric import Fabric
from tests.integration.accounts.operations import account, moved, moving


@pytest.fixture
def old(fabric: Fabric) -> Fabric:
    """The fabric as the identity that is left, which has a key, a topic, a group and a grant."""
    moving(fabric)
    return fabric.of_friend()


def test_everything_of_the_old_identity_is_the_new_ones(fabric: Fabric, old: Fabric, iam: Any) -> None:
    fabric.features.quotas.set(Holder(old.subject, False), {Limit.TOPICS: 7})

    made = fabric.features.moves.move(old.subject, fabric.subject)

    assert made.namespaces == {fabric.namespace, old.namespace}
    assert fabric.features.accounts.namespaces(fabric.subject) == {
        fabric.namespace: ["events"],
        old.namespace: ["events"],
    }
    grants = fabric.features.access.grants_on(fabric.namespace)
    assert [(grant.grantee, grant.right) for grant in grants] == [(user(fabric.subject), Right.READ)]
    assert fabric.features.quotas.overrides(Holder(fabric.subject, False)) == {Limit.TOPICS: 7}
    assert fabric.features.keys.recorded(old.subject) == []
    assert iam.list_access_keys(UserName=old.subject)["AccessKeyMetadata"] == []
    fabric.wait(fabric.settings.last_requests_s)
    assert old.users() == []
    require_sound(fabric, iam)


def test_moving_again_changes_nothing(fabric: Fabric, old: Fabric) -> None:
    first = fabric.features.moves.move(old.subject, fabric.subject)

    assert fabric.features.moves.move(old.subject, fabric.subject) == first


def test_old_identity_gets_no_account_while_its_namespace_is_anothers(fabric: Fabric, old: Fabric) -> None:
    fabric.features.moves.move(old.subject, fabric.subject)

    with pytest.raises(Failure, match=f"Namespace already taken: {old.namespace}"):
        fabric.features.accounts.create(old.subject)


def test_grants_alone_are_moved_when_the_old_identity_has_no_account(fabric: Fabric, iam: Any) -> None:
    account(fabric)
    given = Grant(
        namespace=fabric.namespace,
        topic=EVERY_TOPIC,
        grantee=user(fabric.friend),
        right=Right.READ,
        until=None,
        by=fabric.subject,
        created=datetime.now(UTC),
    )
    fabric.features.access.give(given)
    third = replace(fabric, subject=str(uuid.uuid4()))

    third.features.moves.move(fabric.friend, third.subject)

    held = third.features.access.holdings(third.subject, [])
    assert held - EVERYBODYS == {DataRight(f"{fabric.namespace}.*", Level.READ)}
    third.wait(fabric.settings.last_requests_s)
    require_sound(fabric, iam)


def test_move_to_oneself_is_refused(fabric: Fabric) -> None:
    with pytest.raises(InvalidError, match="another identity than your own"):
        fabric.features.moves.move(fabric.subject, fabric.subject)


def test_suspended_identity_takes_nothing_along(fabric: Fabric, old: Fabric) -> None:
    fabric.features.suspensions.suspend(old.subject)

    with pytest.raises(ForbiddenError, match="is suspended"):
        fabric.features.moves.move(old.subject, fabric.subject)

    assert fabric.features.accounts.namespaces(fabric.subject) == {fabric.namespace: ["events"]}


def test_identity_that_is_being_deleted_takes_nothing_along(fabric: Fabric, old: Fabric) -> None:
    fabric.features.accounts.delete(old.subject)

    with pytest.raises(InvalidError, match="is being deleted"):
        fabric.features.moves.move(old.subject, fabric.subject)


def test_account_with_a_further_namespace_goes_with_it_only_when_told_so(fabric: Fabric, iam: Any) -> None:
    moved(fabric)
    with pytest.raises(Failure, match=r"1 additional namespace\(s\). Delete namespaces first"):
        fabric.features.accounts.delete(fabric.subject)

    fabric.features.accounts.delete(fabric.subject, further_too=True)

    fabric.wait(fabric.settings.last_requests_s)
    assert fabric.features.accounts.find(fabric.subject) is None
    assert fabric.kafka.list_topics("").keys() <= {HEARTBEAT}
    require_sound(fabric, iam)


def test_further_namespace_is_deleted_with_what_it_holds(fabric: Fabric, iam: Any) -> None:
    moved(fabric)
    further = fabric.of_friend().namespace

    fabric.features.namespaces.delete(fabric.subject, further)
    fabric.features.namespaces.delete(fabric.subject, further)

    assert list(fabric.features.accounts.namespaces(fabric.subject)) == [fabric.namespace]
    fabric.run_jobs()
    fabric.wait(fabric.settings.last_requests_s)
    assert fabric.kafka.list_topics(f"{further}.") == {}
    assert fabric.groups.names(f"{further}.") == []
    require_sound(fabric, iam)


def test_own_namespace_goes_with_the_account_alone(fabric: Fabric) -> None:
    account(fabric)

    with pytest.raises(InvalidError, match="is your account's own"):
        fabric.features.namespaces.delete(fabric.subject, fabric.namespace)


@pytest.mark.parametrize("change", ["wipe", "delete", "contents"])
def test_namespace_of_somebody_else_does_not_exist(fabric: Fabric, old: Fabric, change: str) -> None:
    with pytest.raises(ForbiddenError, match=f"Namespace {old.namespace} not found for {fabric.subject}"):
        getattr(fabric.features.namespaces, change)(fabric.subject, old.namespace)


def test_wiped_namespace_is_empty_and_can_be_used(fabric: Fabric, old: Fabric, iam: Any) -> None:
    contents, in_use = old.features.namespaces.wipe(old.subject, old.namespace)

    assert (list(contents.topics), contents.groups) == (["events"], (f"{old.namespace}.readers",))
    assert in_use == []
    assert fabric.kafka.list_topics(f"{old.namespace}.") == {}
    assert fabric.groups.names(f"{old.namespace}.") == []
    assert old.features.accounts.namespaces(old.subject) == {old.namespace: []}
    old.features.topics.create(caller_of(old.subject), old.namespace, "events")
    assert old.features.accounts.find(old.subject).state is State.ACTIVE  # type: ignore[union-attr]
    require_sound(fabric, iam)


def test_wipe_that_is_gone_on_with_leaves_what_was_made_since(fabric: Fabric, old: Fabric) -> None:
    contents = old.features.namespaces.contents(old.subject, old.namespace)
    old.features.topics.recreate(caller_of(old.subject), old.namespace, "events")

    with old.features.leases.hold("test") as lease:
        old.features.topics.delete_all(old.subject, old.namespace, lease, only=contents.topics)

    assert old.features.topics.names(old.namespace) == ["events"]
    assert list(fabric.kafka.list_topics(f"{old.namespace}.")) == [f"{old.namespace}.events"]

"""A process that dies at any call of any operation leaves nothing that is not completed or undone.

``recorded_calls.json`` holds the calls of each operation, in order; each is a case: the process dies right
before it and right after it. `test_every_call_has_its_cases` fails when an operation makes other calls; with
``OCTOPUS_RECORD_CALLS=1`` in the environment it writes them down instead.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest

from octopus.accounts.models import State
from octopus.accounts.principal import SUSPENDED_POLICY
from octopus.credentials.models import KeyState, Kind
from octopus.iam.generate import principal_policy
from octopus.registry.leases import LIFE_S
from tests.integration.accounts.conftest import Fabric
from tests.integration.accounts.crash import ProcessDiedError, When, changes_something, watched

RECORDING = Path(__file__).with_name("recorded_calls.json")
RECORDED: dict[str, list[str]] = json.loads(RECORDING.read_text())


def nothing(_fabric: Fabric) -> None:
    """The subject has never been here."""


def account(fabric: Fabric) -> None:
    """With a key, a topic and a group."""
    fabric.features.keys.current(fabric.subject)
    fabric.features.topics.create(fabric.subject, fabric.namespace, "events")
    fabric.kafka.groups[f"{fabric.namespace}.readers"] = False


def account_without_key(fabric: Fabric) -> None:
    fabric.features.accounts.create(fabric.subject)


def suspended(fabric: Fabric) -> None:
    account(fabric)
    fabric.features.suspensions.suspend(fabric.subject)


def deleted(fabric: Fabric) -> None:
    account(fabric)
    fabric.features.accounts.delete(fabric.subject)


def deletion_due(fabric: Fabric) -> None:
    deleted(fabric)
    fabric.clock.now += fabric.settings.last_requests_s


def rotate(fabric: Fabric, overlap: timedelta) -> None:
    keys = fabric.features.keys.recorded(fabric.subject)
    if not any(key.successor for key in keys):  # not done yet
        fabric.features.keys.rotate(fabric.subject, keys[-1].access_key_id, overlap=overlap)


def revoke(fabric: Fabric) -> None:
    for key in fabric.features.keys.recorded(fabric.subject):
        fabric.features.keys.revoke(fabric.subject, key.access_key_id)


def open_session(fabric: Fabric) -> None:
    fabric.features.sessions.open(
        fabric.subject, topics=[fabric.topic], actions=["read"], duration_s=900, label="here"
    )


@dataclass(frozen=True)
class Operation:
    """Something that a caller, an operator or the background has done.

    Attributes:
        given: what there is before.
        does: does it. Doing it again after a death must succeed.
    """

    given: Callable[[Fabric], None]
    does: Callable[[Fabric], Any]


OPERATIONS: dict[str, Operation] = {
    "create user": Operation(nothing, lambda fabric: fabric.features.accounts.create(fabric.subject)),
    "create key": Operation(account_without_key, lambda fabric: fabric.features.keys.current(fabric.subject)),
    "create topic": Operation(
        account,
        lambda fabric: fabric.features.topics.create(fabric.subject, fabric.namespace, "others"),
    ),
    "delete topic": Operation(
        account,
        lambda fabric: fabric.features.topics.delete(fabric.subject, fabric.namespace, "events"),
    ),
    "recreate topic": Operation(
        account,
        lambda fabric: fabric.features.topics.recreate(fabric.subject, fabric.namespace, "events"),
    ),
    "rotate at once": Operation(account, lambda fabric: rotate(fabric, timedelta())),
    "rotate with overlap": Operation(account, lambda fabric: rotate(fabric, timedelta(hours=1))),
    "revoke": Operation(account, revoke),
    "open session": Operation(account, open_session),
    "suspend": Operation(account, lambda fabric: fabric.features.suspensions.suspend(fabric.subject)),
    "resume": Operation(suspended, lambda fabric: fabric.features.suspensions.resume(fabric.subject)),
    "delete user": Operation(account, lambda fabric: fabric.features.accounts.delete(fabric.subject)),
    "delete user, behind the call": Operation(
        deletion_due, lambda fabric: fabric.features.accounts.heal(fabric.subject)
    ),
    "create user again": Operation(deleted, lambda fabric: fabric.features.accounts.create(fabric.subject)),
}


@dataclass(frozen=True)
class Death:
    """One case."""

    operation: str
    position: int
    call: str
    when: When

    def __str__(self) -> str:
        return f"{self.operation} - {self.when} {self.position}. {self.call}"


DEATHS = [
    Death(operation, position, call, when)
    for operation, calls in RECORDED.items()
    for position, call in enumerate(calls)
    for when in get_args(When)
]
"""Every case."""
DIFFERENT = [death for death in DEATHS if death.when == "after" and changes_something(death.call)]
"""Those that leave something else behind than the case before, besides a lease."""


def record(fabric: Fabric, operation: Operation) -> list[str]:
    """The calls that an operation makes."""
    operation.given(fabric)
    with watched(fabric) as calls:
        operation.does(fabric)
    return calls.made


def die(fabric: Fabric, death: Death) -> None:
    """Have a process die so, and let its leases be outlived."""
    operation = OPERATIONS[death.operation]
    operation.given(fabric)
    with watched(fabric) as calls:
        calls.dies_at = (death.position, death.when)
        with pytest.raises(ProcessDiedError):
            operation.does(fabric)
    assert calls.made[death.position] == death.call
    fabric.clock.now += LIFE_S + 1


def settle(fabric: Fabric) -> None:
    """Give the background time for everything that is pending."""
    fabric.run_jobs()
    for _ in range(4):
        if pending(fabric):
            fabric.wait(fabric.settings.last_requests_s)


def pending(fabric: Fabric) -> list[tuple[str, str]]:
    return [row for row in fabric.registry() if row[0].startswith("PENDING#")]


def require_sound(fabric: Fabric, iam: Any) -> None:
    """Whatever there is of the subject is whole, and nothing is left over."""
    assert pending(fabric) == []
    found = fabric.features.accounts.find(fabric.subject)
    mine = [row for row in fabric.registry() if not row[0].startswith("LEASE#")]
    if found is None:
        assert fabric.users() == []
        assert fabric.kafka.held == {}
        assert fabric.kafka.groups == {}
        assert mine == []
        assert fabric.credentials() in ([], [(f"SUBJECT#{fabric.subject}", "VERSION")])
        return
    assert found.state in (State.ACTIVE, State.SUSPENDED)
    user = iam.get_user(UserName=fabric.subject)["User"]
    assert user["PermissionsBoundary"]["PermissionsBoundaryArn"] == fabric.settings.principal_boundary_arn
    policy = iam.get_user_policy(UserName=fabric.subject, PolicyName="octopus")["PolicyDocument"]
    listed = iam.list_access_keys(UserName=fabric.subject)["AccessKeyMetadata"]
    in_iam = {key["AccessKeyId"]: key["Status"] for key in listed}
    keys = [key for key in fabric.features.keys.recorded(fabric.subject) if key.kind is not Kind.SESSION]
    if found.state is State.SUSPENDED:
        assert policy == SUSPENDED_POLICY
        assert {key.access_key_id: key.state for key in keys} == dict.fromkeys(in_iam, KeyState.SUSPENDED)
        assert set(in_iam.values()) <= {"Inactive"}
    else:
        rights = principal_policy(cluster_arn=fabric.settings.cluster_arn, namespaces=[fabric.namespace])
        assert policy == rights
        assert {key.access_key_id: key.state for key in keys} == dict.fromkeys(in_iam, KeyState.ACTIVE)
        assert set(in_iam.values()) <= {"Active"}
    topics = {
        item["sk"]["S"].removeprefix("TOPIC#"): (item["state"]["S"], item["topic_id"]["S"])
        for item in fabric.deployment.items(fabric.settings.registry_table)
        if item["sk"]["S"].startswith("TOPIC#")
    }
    assert topics == {
        name.partition(".")[2]: ("active", topic.topic_id) for name, topic in fabric.kafka.held.items()
    }


def test_every_operation_is_recorded() -> None:
    assert set(RECORDED) == set(OPERATIONS)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_call_has_its_cases(fabric: Fabric, operation: str) -> None:
    made = record(fabric, OPERATIONS[operation])

    if "OCTOPUS_RECORD_CALLS" in os.environ:
        RECORDING.write_text(
            json.dumps({**json.loads(RECORDING.read_text()), operation: made}, indent=2) + "\n"
        )
    else:
        assert made == RECORDED[operation]


@pytest.mark.parametrize("death", DIFFERENT, ids=str)
def test_next_call_completes_what_a_dead_process_left(fabric: Fabric, iam: Any, death: Death) -> None:
    _next_call_completes(fabric, iam, death)


@pytest.mark.parametrize("death", DIFFERENT, ids=str)
def test_background_completes_or_undoes_what_a_dead_process_left(
    fabric: Fabric, iam: Any, death: Death
) -> None:
    _background_completes(fabric, iam, death)


@pytest.mark.long
@pytest.mark.parametrize("death", DEATHS, ids=str)
def test_death_at_any_call_is_completed_by_the_next_call(fabric: Fabric, iam: Any, death: Death) -> None:
    _next_call_completes(fabric, iam, death)


@pytest.mark.long
@pytest.mark.parametrize("death", DEATHS, ids=str)
def test_death_at_any_call_is_completed_in_the_background(fabric: Fabric, iam: Any, death: Death) -> None:
    _background_completes(fabric, iam, death)


def _next_call_completes(fabric: Fabric, iam: Any, death: Death) -> None:
    die(fabric, death)
    survivor = fabric.replica()

    OPERATIONS[death.operation].does(survivor)

    settle(survivor)
    require_sound(survivor, iam)


def _background_completes(fabric: Fabric, iam: Any, death: Death) -> None:
    die(fabric, death)
    survivor = fabric.replica()

    settle(survivor)

    require_sound(survivor, iam)

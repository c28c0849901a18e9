"""Suspended, an account has no access and keeps what it owns; resumed, it has both."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from octopus.accounts.models import State
from octopus.accounts.principal import SUSPENDED_POLICY, IamPrincipals
from octopus.credentials.models import KeyState
from octopus.credentials.service import Credentials
from octopus.errors import ForbiddenError, NotFoundError, OctopusError, UnavailableError
from octopus.iam.generate import policy_sha256
from octopus.kafka.asking import KafkaAwayError
from octopus.registry.leases import LIFE_S
from tests.callers import caller_of
from tests.integration.accounts.fabric import Fabric
from tests.integration.service.deployment import operator_environment
from tests.memory_kafka import MemoryKafka
from tests.patience import PATIENCE_S

OCTOPUS = Path(sys.executable).with_name("octopus")


@pytest.fixture
def owner(fabric: Fabric) -> Fabric:
    """The fabric, with an account that has a key and a topic."""
    fabric.features.keys.current(fabric.subject)
    fabric.features.topics.create(caller_of(fabric.subject), fabric.namespace, "events")
    return fabric


def policy(iam: Any, owner: Fabric) -> Any:
    return iam.get_user_policy(UserName=owner.subject, PolicyName="octopus")["PolicyDocument"]


def in_iam(iam: Any, owner: Fabric) -> dict[str, str]:
    listed = iam.list_access_keys(UserName=owner.subject)["AccessKeyMetadata"]
    return {key["AccessKeyId"]: key["Status"] for key in listed}


def recorded(owner: Fabric) -> dict[str, KeyState]:
    return {key.access_key_id: key.state for key in owner.features.keys.recorded(owner.subject)}


def known_policy(owner: Fabric) -> str:
    """Hash of the policy that the judge was told to expect."""
    items = owner.deployment.items(owner.settings.credentials_table)
    (version,) = (
        item
        for item in items
        if (item["pk"]["S"], item["sk"]["S"]) == (f"SUBJECT#{owner.subject}", "VERSION")
    )
    return str(version["policy_sha256"]["S"])


def test_suspended_account_has_no_access_and_keeps_what_it_owns(
    owner: Fabric, iam: Any, kafka: MemoryKafka
) -> None:
    key = owner.features.keys.current(owner.subject).access_key_id
    topics = dict(kafka.held)

    owner.features.suspensions.suspend(owner.subject, reason="a key was published")

    assert policy(iam, owner) == SUSPENDED_POLICY
    assert known_policy(owner) == policy_sha256(SUSPENDED_POLICY)
    assert in_iam(iam, owner) == {key: "Inactive"}
    assert recorded(owner) == {key: KeyState.SUSPENDED}
    assert kafka.held == topics
    told = rf"User {owner.subject} is suspended since .* \(a key was published\): ask the fabric's operator"
    with pytest.raises(ForbiddenError, match=told):
        owner.features.accounts.require_not_suspended(owner.subject)


def test_suspended_account_can_do_nothing_even_past_the_door(owner: Fabric, kafka: MemoryKafka) -> None:
    features = owner.features
    features.suspensions.suspend(owner.subject)

    for change in (
        lambda: features.accounts.create(owner.subject),
        lambda: features.accounts.delete(owner.subject),
        lambda: features.keys.current(owner.subject),
        lambda: features.topics.create(caller_of(owner.subject), owner.namespace, "others"),
        lambda: features.topics.delete(caller_of(owner.subject), owner.namespace, "events"),
        lambda: features.topics.recreate(caller_of(owner.subject), owner.namespace, "events"),
    ):
        with pytest.raises(ForbiddenError, match="is suspended"):
            change()

    assert list(kafka.held) == [owner.topic]


def test_suspending_again_keeps_the_time_of_the_first(owner: Fabric) -> None:
    owner.features.suspensions.suspend(owner.subject)
    first = owner.features.accounts.find(owner.subject)
    owner.clock.now += 3600

    owner.features.suspensions.suspend(owner.subject, reason="asked for by their group")

    again = owner.features.accounts.find(owner.subject)
    assert first is not None
    assert again is not None
    assert (again.since, again.reason) == (first.since, "asked for by their group")


def test_resumed_account_is_as_it_was(owner: Fabric, iam: Any) -> None:
    before = (policy(iam, owner), in_iam(iam, owner), recorded(owner), known_policy(owner))
    owner.features.suspensions.suspend(owner.subject)
    owner.features.suspensions.suspend(owner.subject)

    owner.features.suspensions.resume(owner.subject)
    owner.features.suspensions.resume(owner.subject)

    assert (policy(iam, owner), in_iam(iam, owner), recorded(owner), known_policy(owner)) == before
    assert not owner.features.keys.current(owner.subject).fresh
    assert owner.features.accounts.namespaces(owner.subject) == {owner.namespace: ["events"]}
    assert not [row for row in owner.registry() if row[0].startswith("PENDING#")]


def test_key_that_did_not_work_before_does_not_come_back(owner: Fabric, iam: Any) -> None:
    first = owner.features.keys.current(owner.subject).access_key_id
    second = owner.features.keys.add(owner.subject).access_key_id
    iam.update_access_key(UserName=owner.subject, AccessKeyId=first, Status="Inactive")
    database = owner.deployment.client("dynamodb")
    database.update_item(
        TableName=owner.settings.credentials_table,
        Key={"pk": {"S": f"KEY#{first}"}, "sk": {"S": "KEY"}},
        UpdateExpression="SET #state = :inactive",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":inactive": {"S": "inactive"}},
    )

    owner.features.suspensions.suspend(owner.subject)
    owner.features.suspensions.resume(owner.subject)

    assert in_iam(iam, owner) == {first: "Inactive", second: "Active"}
    assert recorded(owner) == {first: KeyState.INACTIVE, second: KeyState.ACTIVE}


def test_suspension_cut_short_refuses_at_once_and_is_completed_in_the_background(
    owner: Fabric, iam: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_principals: IamPrincipals, _subject: str) -> None:
        raise UnavailableError("IAM does not answer")

    with monkeypatch.context() as patch:
        patch.setattr(IamPrincipals, "suspend", away)
        with pytest.raises(OctopusError):
            owner.features.suspensions.suspend(owner.subject)
    with pytest.raises(ForbiddenError):
        owner.features.accounts.require_not_suspended(owner.subject)

    owner.replica().wait(LIFE_S)

    assert policy(iam, owner) == SUSPENDED_POLICY
    assert set(in_iam(iam, owner).values()) == {"Inactive"}


def test_everything_is_denied_before_keys_and_sessions_are_ended_one_by_one(
    owner: Fabric, iam: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_arguments: object, **_options: object) -> None:
        raise UnavailableError("IAM does not answer")

    monkeypatch.setattr(Credentials, "suspend", away)
    with pytest.raises(OctopusError):
        owner.features.suspensions.suspend(owner.subject)

    assert policy(iam, owner) == SUSPENDED_POLICY


def test_topic_half_made_when_its_account_was_suspended_is_completed_after_it(
    owner: Fabric, kafka: MemoryKafka
) -> None:
    kafka.faults["create"] = KafkaAwayError("timed out")
    with pytest.raises(OctopusError, match="call again to finish"):
        owner.features.topics.create(caller_of(owner.subject), owner.namespace, "others")
    kafka.faults.clear()
    owner.features.suspensions.suspend(owner.subject)
    owner.wait(LIFE_S)
    owner.features.suspensions.resume(owner.subject)

    owner.wait(LIFE_S)

    assert owner.features.topics.names(owner.namespace) == ["events"]
    assert not [row for row in owner.registry() if row[0].startswith("PENDING#")]


def test_nobody_and_an_account_that_is_being_deleted_are_not_suspended(fabric: Fabric) -> None:
    with pytest.raises(NotFoundError, match="There is no user"):
        fabric.features.suspensions.suspend(fabric.subject)
    fabric.features.accounts.create(fabric.subject)
    fabric.features.accounts.delete(fabric.subject)

    with pytest.raises(NotFoundError, match="There is no user"):
        fabric.features.suspensions.suspend(fabric.subject)


def test_account_that_is_being_made_is_not_suspended_yet(fabric: Fabric, kafka: MemoryKafka) -> None:
    kafka.faults["list"] = KafkaAwayError("timed out")
    with pytest.raises(UnavailableError):
        fabric.features.accounts.create(fabric.subject)

    with pytest.raises(UnavailableError, match="is being created: nothing was done"):
        fabric.features.suspensions.suspend(fabric.subject)


@pytest.fixture
def parameters(owner: Fabric) -> Iterator[str]:
    """The institution's settings, as the stacks write them down."""
    ssm = owner.deployment.client("ssm")
    institution = owner.settings.institution
    names = []
    for name, value in owner.deployment.settings.model_dump().items():
        if value:
            names.append(f"/octopus/{institution}/{name}")
            ssm.put_parameter(Name=names[-1], Value=str(value), Type="String", Overwrite=True)
    yield institution
    for name in names:
        ssm.delete_parameter(Name=name)


def test_operator_suspends_and_resumes_with_one_command_each(owner: Fabric, parameters: str) -> None:
    def run(*words: str) -> dict[str, str]:
        done = subprocess.run(
            [OCTOPUS, "platform", *words, "--institution", parameters, "--json"],
            env={"PATH": os.environ["PATH"], **operator_environment(owner.deployment.endpoint)},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        printed: dict[str, str] = json.loads(done.stdout)
        return printed

    printed = run("suspend", owner.subject, "--reason", "asked for by their group")

    assert printed == {"status": "success", "message": f"User {owner.subject} is suspended"}
    account = owner.features.accounts.find(owner.subject)
    assert account is not None
    assert (account.state, account.reason) == (State.SUSPENDED, "asked for by their group")
    assert run("resume", owner.subject)["message"] == f"User {owner.subject} is not suspended"
    assert owner.features.accounts.namespaces(owner.subject) == {owner.namespace: ["events"]}

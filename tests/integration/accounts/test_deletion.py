"""The end of an account: access at once, everything else behind the call, and nothing of a new account."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from structlog.testing import capture_logs

from octopus import aws
from octopus.access.refresh import POLICIES_S
from octopus.accounts.emptying import Emptying
from octopus.accounts.models import Account, State
from octopus.accounts.principal import IamPrincipals
from octopus.errors import Failure, UnavailableError
from octopus.fabric.healing.accounts import delete_again, reconcile
from octopus.kafka.asking import KafkaAwayError
from octopus.registry.pending import AGAIN_S
from tests.callers import caller_of
from tests.integration.accounts.crash import known_policy, require_sound
from tests.integration.accounts.fabric import Fabric, topics_of_people
from tests.integration.accounts.operations import shared
from tests.memory_kafka import MemoryKafka


@pytest.fixture
def owner(fabric: Fabric, kafka: MemoryKafka) -> Fabric:
    """The fabric, with an account that has a key, a topic and a group."""
    fabric.features.keys.current(fabric.subject)
    fabric.features.topics.create(caller_of(fabric.subject), fabric.namespace, "events")
    kafka.groups[f"{fabric.namespace}.readers"] = False
    return fabric


def state(fabric: Fabric) -> State | None:
    account = fabric.features.accounts.find(fabric.subject)
    return account.state if account else None


def test_call_takes_access_away_and_the_rest_waits_for_the_last_requests(
    owner: Fabric, iam: Any, kafka: MemoryKafka
) -> None:
    owner.features.accounts.delete(owner.subject)

    assert owner.features.accounts.namespaces(owner.subject) == {}
    assert owner.features.keys.recorded(owner.subject) == []
    assert iam.list_access_keys(UserName=owner.subject)["AccessKeyMetadata"] == []
    assert iam.list_user_policies(UserName=owner.subject)["PolicyNames"] == []
    owner.wait(owner.settings.last_requests_s - 1)
    assert topics_of_people(kafka) == [owner.topic]
    assert owner.users() == [owner.subject]


def test_nothing_is_left_once_the_background_has_done_the_rest(owner: Fabric, kafka: MemoryKafka) -> None:
    kafka.groups["ns-000000000000.readers"] = False
    owner.features.accounts.delete(owner.subject)

    owner.replica().wait(owner.settings.last_requests_s)

    assert topics_of_people(kafka) == []
    assert list(kafka.groups) == ["ns-000000000000.readers"], "somebody else's group was deleted"
    assert owner.users() == []
    assert owner.registry() == []
    assert owner.credentials() == [(f"SUBJECT#{owner.subject}", "VERSION")]


def test_deletion_goes_on_whatever_is_asked_for_meanwhile(owner: Fabric) -> None:
    owner.features.accounts.delete(owner.subject)

    owner.features.keys.delete_all(owner.subject)
    owner.features.accounts.delete(owner.subject)

    owner.wait(owner.settings.last_requests_s)
    assert state(owner) is None
    assert owner.users() == []


def test_deletion_while_kafka_is_away_succeeds_and_is_finished_when_it_is_back(
    owner: Fabric, kafka: MemoryKafka
) -> None:
    kafka.faults = {call: KafkaAwayError("timed out") for call in ("describe", "list", "groups")}
    owner.features.accounts.delete(owner.subject)
    owner.wait(owner.settings.last_requests_s)
    assert state(owner) is State.DELETING
    kafka.faults = {}

    owner.wait(AGAIN_S)

    assert state(owner) is None
    assert topics_of_people(kafka) == []


def test_group_that_still_has_members_is_waited_for(owner: Fabric, kafka: MemoryKafka) -> None:
    kafka.groups[f"{owner.namespace}.readers"] = True
    owner.features.accounts.delete(owner.subject)
    owner.wait(owner.settings.last_requests_s)
    assert state(owner) is State.DELETING
    assert topics_of_people(kafka) == [owner.topic], "the order is groups, then topics"
    kafka.groups[f"{owner.namespace}.readers"] = False

    owner.wait(AGAIN_S)

    assert state(owner) is None
    assert kafka.groups == {}


def test_account_made_again_meanwhile_is_new_and_stays(owner: Fabric, kafka: MemoryKafka) -> None:
    old = owner.features.keys.current(owner.subject).access_key_id
    kafka.groups[f"{owner.namespace}.readers"] = True
    owner.features.accounts.delete(owner.subject)

    key = owner.features.keys.current(owner.subject)

    assert key.fresh
    assert key.access_key_id != old
    assert owner.features.accounts.namespaces(owner.subject) == {owner.namespace: []}
    assert topics_of_people(kafka) == []
    owner.features.topics.create(caller_of(owner.subject), owner.namespace, "events")
    for _ in range(3):
        owner.wait(owner.settings.last_requests_s)
    assert topics_of_people(kafka) == [owner.topic]
    assert owner.features.keys.current(owner.subject).access_key_id == key.access_key_id


def test_replica_that_stopped_in_the_middle_does_no_harm_to_the_new_account(
    owner: Fabric, monkeypatch: pytest.MonkeyPatch, kafka: MemoryKafka
) -> None:
    # It wakes up right before it deletes the topics, after its lease was outlived and all was made anew.
    owner.features.accounts.delete(owner.subject)
    other = owner.replica()
    delete_groups = Emptying._delete_groups

    def stopped(*arguments: Any, **options: Any) -> Any:
        monkeypatch.setattr(Emptying, "_delete_groups", delete_groups)
        in_use = delete_groups(*arguments, **options)
        other.clock.now += 3600
        other.features.accounts.create(owner.subject)
        other.features.topics.create(caller_of(owner.subject), owner.namespace, "events")
        return in_use

    monkeypatch.setattr(Emptying, "_delete_groups", stopped)

    owner.wait(owner.settings.last_requests_s)

    assert topics_of_people(kafka) == [owner.topic]
    assert owner.users() == [owner.subject]
    assert state(owner) is State.ACTIVE
    assert owner.features.topics.names(owner.namespace) == ["events"]


def test_topics_stay_until_policies_of_all_who_had_a_right_are_written(
    fabric: Fabric, iam: Any, kafka: MemoryKafka
) -> None:
    shared(fabric)
    friend = fabric.of_friend()
    through_grant = known_policy(friend)
    with iam_away():
        fabric.features.accounts.delete(fabric.subject)
        fabric.wait(POLICIES_S)
        fabric.wait(fabric.settings.last_requests_s)
        assert known_policy(friend) == through_grant
        assert topics_of_people(kafka) == [fabric.topic]
        with pytest.raises(UnavailableError, match="others still lose what it shared with them: try again"):
            fabric.features.accounts.create(fabric.subject)

    fabric.wait(AGAIN_S)

    assert known_policy(friend) != through_grant
    assert [row for row in fabric.registry() if row[0].startswith("GRANT")] == []
    assert topics_of_people(kafka) == [fabric.topic], "his last requests are waited for, too"
    fabric.wait(fabric.settings.last_requests_s)
    assert topics_of_people(kafka) == []
    require_sound(fabric, iam)


@contextmanager
def iam_away() -> Iterator[None]:
    """No policy can be written."""

    def refuse(**_arguments: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://iam.example.org")

    events = aws.iam().meta.events
    events.register("before-call.iam.PutUserPolicy", refuse)
    try:
        yield
    finally:
        events.unregister("before-call.iam.PutUserPolicy", refuse)


def test_policies_given_by_hand_go_with_the_account(owner: Fabric, iam: Any) -> None:
    statement = {"Effect": "Allow", "Action": "kafka-cluster:*", "Resource": "*"}
    name = f"by-hand-{owner.subject}"
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    policy = iam.create_policy(PolicyName=name, PolicyDocument=document)["Policy"]["Arn"]
    iam.attach_user_policy(UserName=owner.subject, PolicyArn=policy)
    iam.put_user_policy(UserName=owner.subject, PolicyName=name, PolicyDocument=document)

    owner.features.accounts.delete(owner.subject)

    assert iam.list_attached_user_policies(UserName=owner.subject)["AttachedPolicies"] == []
    assert iam.list_user_policies(UserName=owner.subject)["PolicyNames"] == []
    owner.wait(owner.settings.last_requests_s)
    assert owner.users() == []


def test_groups_given_by_hand_are_named_and_the_deletion_waits_until_the_user_is_out_of_them(
    owner: Fabric, iam: Any
) -> None:
    group = f"by-hand-{owner.subject}"
    iam.create_group(GroupName=group)
    iam.add_user_to_group(UserName=owner.subject, GroupName=group)

    owner.features.accounts.delete(owner.subject)

    with capture_logs() as logs:
        owner.wait(owner.settings.last_requests_s)
    assert any(group in str(log) for log in logs if log["event"] == "pending.not_done")
    assert state(owner) is State.DELETING
    assert owner.users() == [owner.subject]
    with pytest.raises(Failure, match=rf"is in IAM groups, .* \({group}\): take it out of them first"):
        owner.features.accounts.create(owner.subject)
    iam.remove_user_from_group(UserName=owner.subject, GroupName=group)

    owner.wait(AGAIN_S)

    assert owner.users() == []
    assert state(owner) is None


def test_password_given_by_hand_is_named_and_the_deletion_waits_for_its_end(owner: Fabric) -> None:
    owner.features.accounts.delete(owner.subject)
    principals = owner.features.accounts._principals
    assert isinstance(principals, IamPrincipals)
    conflict = principals._client.exceptions.DeleteConflictException(
        {"Error": {"Code": "DeleteConflict", "Message": "must delete login profile first"}}, "DeleteUser"
    )

    with pytest.MonkeyPatch.context() as patch:

        def refuse(**_arguments: object) -> None:
            raise conflict

        patch.setattr(principals._client, "delete_user", refuse)
        patch.setattr(aws, "_SEEN_GONE_S", 0.1)
        with pytest.raises(Failure, match="must delete login profile first"):
            principals.delete(owner.subject)
        owner.wait(owner.settings.last_requests_s)
        assert state(owner) is State.DELETING

    owner.wait(AGAIN_S)

    assert owner.users() == []


def test_user_whose_deleted_key_iam_still_sees_is_deleted_a_moment_later(owner: Fabric) -> None:
    principals = owner.features.accounts._principals
    assert isinstance(principals, IamPrincipals)
    owner.features.accounts.delete(owner.subject)
    conflict = principals._client.exceptions.DeleteConflictException(
        {"Error": {"Code": "DeleteConflict", "Message": "must delete access keys first"}}, "DeleteUser"
    )
    delete_user = principals._client.delete_user
    conflicts = [conflict, conflict]

    with pytest.MonkeyPatch.context() as patch:

        def soon(**arguments: str) -> None:
            if conflicts:
                raise conflicts.pop()
            delete_user(**arguments)

        patch.setattr(principals._client, "delete_user", soon)
        principals.delete(owner.subject)

    assert owner.users() == []


def test_account_on_which_others_depend_is_not_deleted(
    owner: Fabric, monkeypatch: pytest.MonkeyPatch
) -> None:
    def triggers(_account: Account) -> str | None:
        return "2 triggers of others read its topics."

    monkeypatch.setattr(owner.features.accounts._deletions, "_dependents", (triggers,))

    with pytest.raises(
        Failure, match=f"Cannot delete user {owner.subject}: 2 triggers of others read its topics"
    ):
        owner.features.accounts.delete(owner.subject)

    assert state(owner) is State.ACTIVE


def test_account_that_an_emulator_gave_back_is_deleted_again_with_its_topics(
    owner: Fabric, kafka: MemoryKafka
) -> None:
    # Its state was cleared after an unclean stop; Kafka's topics are there still.
    owner.clear()
    journal = [{"event": "account.deleted", "subject": owner.subject}]
    features = owner.features

    said = list(delete_again(features.accounts, features.namespaces, journal, {}, {owner.namespace}))

    assert said == [f"Deleted the account of {owner.subject} again."]
    owner.wait(owner.settings.last_requests_s)
    assert topics_of_people(kafka) == []
    assert owner.registry() == []


@pytest.mark.parametrize("change", ["delete", "suspend"])
def test_reconciling_a_fabric_leaves_what_is_deleted_or_suspended_alone(
    owner: Fabric, change: str, kafka: MemoryKafka
) -> None:
    if change == "delete":
        owner.features.accounts.delete(owner.subject)
    else:
        owner.features.suspensions.suspend(owner.subject)
    before = state(owner)

    said = list(reconcile(owner.features.accounts, {owner.subject: "alice"}, {owner.namespace}))

    assert said == []
    assert state(owner) is before
    assert topics_of_people(kafka) == [owner.topic]

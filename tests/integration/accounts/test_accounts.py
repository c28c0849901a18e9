"""Accounts when a dependency fails half-way, or when somebody else's user is in the way."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from octopus import aws
from octopus.access.models import Right
from octopus.access.refresh import DUE_S, TURN_AGAIN_S
from octopus.access.rights import EVERYBODYS
from octopus.accounts.models import State
from octopus.accounts.principal import IamPrincipals
from octopus.accounts.store import lease_name, policies_lease_name
from octopus.errors import Failure, OctopusError, UnavailableError
from octopus.iam.generate import canonical_json, principal_policies
from octopus.iam.holdings import Holdings, own
from octopus.iam.policy_names import INLINE_POLICY_NAME
from octopus.kafka.asking import KafkaAwayError
from octopus.registry.leases import LIFE_S, Leases
from octopus.registry.pending import AGAIN_S
from tests.integration.accounts.crash import changes_something, known_policy, pending, require_sound, watched
from tests.integration.accounts.fabric import Fabric
from tests.integration.accounts.operations import OPERATIONS, grant
from tests.integration.broker.node import CLUSTER_ARN
from tests.memory_kafka import MemoryKafka
from tests.patience import PATIENCE_S

IN_FORCE_S = 5
"""In which what is withdrawn is gone from the policies, whatever its holder does meanwhile."""

SOMEBODY_ELSES = pytest.mark.parametrize(
    ("path", "tags"),
    [("/people/", []), ("/msk-users/", [{"Key": "octopus:fabric", "Value": "another"}])],
    ids=["another path", "another fabric"],
)


def test_account_left_half_made_by_a_dead_replica_is_completed_in_the_background(
    fabric: Fabric, iam: Any, kafka: MemoryKafka
) -> None:
    kafka.faults["list"] = KafkaAwayError("timed out")
    with pytest.raises(KafkaAwayError):
        fabric.features.accounts.create(fabric.subject)
    kafka.faults.clear()

    fabric.replica().wait(LIFE_S)

    account = fabric.features.accounts.find(fabric.subject)
    assert account is not None
    assert account.state is State.ACTIVE
    assert fabric.users() == [fabric.subject]
    assert not [row for row in fabric.registry() if row[0].startswith("PENDING#")]


def test_account_whose_dependency_stays_away_is_tried_again_later(fabric: Fabric, kafka: MemoryKafka) -> None:
    kafka.faults["list"] = KafkaAwayError("timed out")
    with pytest.raises(KafkaAwayError):
        fabric.features.accounts.create(fabric.subject)
    fabric.wait(LIFE_S)
    kafka.faults.clear()

    fabric.wait(LIFE_S)

    assert fabric.features.accounts.namespaces(fabric.subject) == {fabric.namespace: []}


@SOMEBODY_ELSES
def test_user_that_is_not_this_fabrics_is_left_alone(
    fabric: Fabric, iam: Any, path: str, tags: list[dict[str, str]]
) -> None:
    iam.create_user(UserName=fabric.subject, Path=path, Tags=tags)

    with pytest.raises(Failure, match="Failed to create IAM user"):
        fabric.features.accounts.create(fabric.subject)

    assert iam.list_user_policies(UserName=fabric.subject)["PolicyNames"] == []
    assert "PermissionsBoundary" not in iam.get_user(UserName=fabric.subject)["User"]
    assert fabric.registry() == [], "the claim of an account that cannot be made is given up"


@SOMEBODY_ELSES
def test_deletion_harms_no_user_that_is_not_this_fabrics(
    fabric: Fabric, iam: Any, path: str, tags: list[dict[str, str]]
) -> None:
    fabric.features.accounts.create(fabric.subject)
    iam.delete_user_policy(UserName=fabric.subject, PolicyName=INLINE_POLICY_NAME)
    iam.delete_user(UserName=fabric.subject)
    iam.create_user(UserName=fabric.subject, Path=path, Tags=tags)
    key = iam.create_access_key(UserName=fabric.subject)["AccessKey"]["AccessKeyId"]
    own = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    iam.put_user_policy(
        UserName=fabric.subject,
        PolicyName=INLINE_POLICY_NAME,
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [own]}),
    )

    fabric.features.keys.delete_all(fabric.subject)
    fabric.features.accounts.delete(fabric.subject)
    fabric.wait(fabric.settings.last_requests_s)

    assert fabric.features.accounts.find(fabric.subject) is None
    held = iam.list_access_keys(UserName=fabric.subject)["AccessKeyMetadata"]
    assert [each["AccessKeyId"] for each in held] == [key]
    assert iam.list_user_policies(UserName=fabric.subject)["PolicyNames"] == [INLINE_POLICY_NAME]


def test_deletion_that_iam_stops_does_not_claim_that_access_is_gone(
    fabric: Fabric, monkeypatch: pytest.MonkeyPatch
) -> None:
    fabric.features.keys.current(fabric.subject)

    def away(_principals: IamPrincipals, _subject: str) -> None:
        raise EndpointConnectionError(endpoint_url="https://iam.example")

    monkeypatch.setattr(IamPrincipals, "withdraw", away)

    with pytest.raises(OctopusError, match="may have access still: call again to finish"):
        fabric.features.accounts.delete(fabric.subject)


def test_deleting_an_account_that_never_was_succeeds(fabric: Fabric) -> None:
    fabric.features.accounts.delete(fabric.subject)
    fabric.features.keys.delete_all(fabric.subject)

    assert fabric.features.accounts.namespaces(fabric.subject) == {}


def test_ceiling_of_users_is_named_with_its_figure(
    fabric: Fabric, iam: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = iam.exceptions.LimitExceededException(
        {"Error": {"Code": "LimitExceeded", "Message": "quota"}}, "CreateUser"
    )
    principals = IamPrincipals(iam, institution="t", boundary_arn="boundary", cluster_arn=CLUSTER_ARN)

    def refuse(**_arguments: object) -> None:
        raise refused

    monkeypatch.setattr(iam, "create_user", refuse)

    with pytest.raises(Failure, match=r"holds \d+ IAM users and may hold 5000"):
        principals.ensure(fabric.subject, own(fabric.namespace))


@pytest.mark.parametrize("call", ["get_user", "put_user_policy"])
def test_user_that_iam_does_not_show_everywhere_yet_is_waited_for(
    fabric: Fabric, iam: Any, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    fabric.features.accounts.create(fabric.subject)
    unknown = iam.exceptions.NoSuchEntityException({"Error": {"Code": "NoSuchEntity", "Message": ""}}, call)
    asked = getattr(iam, call)
    answers = [unknown, unknown]

    def eventually(**arguments: object) -> Any:
        if answers:
            raise answers.pop()
        return asked(**arguments)

    monkeypatch.setattr(iam, call, eventually)

    principals = IamPrincipals(
        iam,
        institution=fabric.settings.institution,
        boundary_arn=fabric.settings.principal_boundary_arn,
        cluster_arn=CLUSTER_ARN,
    )
    principals.ensure(fabric.subject, own(fabric.namespace))

    assert answers == []


def test_policy_is_written_though_iam_still_shows_it_from_before(
    fabric: Fabric, iam: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fabric.features.accounts.create(fabric.subject)
    stale = iam.get_user_policy(UserName=fabric.subject, PolicyName=INLINE_POLICY_NAME)
    principals = IamPrincipals(
        iam,
        institution=fabric.settings.institution,
        boundary_arn=fabric.settings.principal_boundary_arn,
        cluster_arn=fabric.settings.cluster_arn,
    )
    principals.suspend(fabric.subject)
    with monkeypatch.context() as patch:
        patch.setattr(iam, "get_user_policy", lambda **_arguments: stale)

        principals.ensure(fabric.subject, own(fabric.namespace))

    held = iam.get_user_policy(UserName=fabric.subject, PolicyName=INLINE_POLICY_NAME)["PolicyDocument"]
    rights = principal_policies(cluster_arn=fabric.settings.cluster_arn, holdings=own(fabric.namespace))
    assert held == rights.inline


def test_ceiling_of_policies_is_named_and_what_to_do(
    fabric: Fabric, iam: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fabric.features.accounts.create(fabric.subject)
    refused = iam.exceptions.LimitExceededException(
        {"Error": {"Code": "LimitExceeded", "Message": "Maximum policy size of 2048 bytes exceeded"}},
        "PutUserPolicy",
    )
    principals = IamPrincipals(iam, institution="t", boundary_arn="boundary", cluster_arn=CLUSTER_ARN)

    def refuse(**_arguments: object) -> None:
        raise refused

    monkeypatch.setattr(iam, "put_user_policy", refuse)

    with pytest.raises(Failure, match=r"2048 bytes exceeded\): take away what somebody gave it by hand"):
        principals.suspend(fabric.subject)


def test_policies_are_as_they_should_be_without_what_everybody_holds_where_it_has_no_room(
    fabric: Fabric, iam: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fabric.features.accounts.create(fabric.subject)
    needed = principal_policies(
        cluster_arn=fabric.settings.cluster_arn, holdings=own(fabric.namespace)
    ).inline
    client = aws.iam()
    put = client.put_user_policy
    refused = client.exceptions.LimitExceededException(
        {"Error": {"Code": "LimitExceeded", "Message": "Maximum policy size of 2048 bytes exceeded"}},
        "PutUserPolicy",
    )

    def put_besides_another(**asked: Any) -> Any:
        if len(asked["PolicyDocument"]) > len(canonical_json(needed)):
            raise refused
        return put(**asked)

    monkeypatch.setattr(client, "put_user_policy", put_besides_another)

    fabric.features.accounts.refresh(fabric.subject)

    held = iam.get_user_policy(UserName=fabric.subject, PolicyName=INLINE_POLICY_NAME)["PolicyDocument"]
    assert held == needed


def test_policies_that_an_earlier_release_wrote_are_brought_up_to_date_without_anybodys_asking(
    fabric: Fabric, iam: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = fabric.features.accounts
    with monkeypatch.context() as earlier:
        earlier.setattr("octopus.access.rights.EVERYBODYS", frozenset())
        accounts.create(fabric.subject)

    fabric.run_jobs()

    wanted = own(fabric.namespace) | EVERYBODYS
    rights = principal_policies(cluster_arn=fabric.settings.cluster_arn, holdings=wanted)
    held = iam.get_user_policy(UserName=fabric.subject, PolicyName=INLINE_POLICY_NAME)["PolicyDocument"]
    assert held == rights.inline
    with watched(fabric) as calls:
        accounts.bring_up_to_date(fabric.subject)
        accounts.bring_up_to_date(fabric.friend)  # who has no account
    assert not [call for call in calls.made if changes_something(call)]


@pytest.mark.parametrize("change", ["delete", "revoke", "tend"])
def test_user_that_is_not_there_is_not_asked_to_give_up_keys(fabric: Fabric, iam: Any, change: str) -> None:
    # AWS forbids to change the keys of an absent user, rather than saying that there is none.
    keys = fabric.features.keys
    key = keys.current(fabric.subject).access_key_id
    fabric.deployment.client("dynamodb").update_item(
        TableName=fabric.settings.credentials_table,
        Key={"pk": {"S": f"KEY#{key}"}, "sk": {"S": "KEY"}},
        UpdateExpression="SET created = :long_ago",
        ExpressionAttributeValues={":long_ago": {"S": "2026-01-01T00:00:00+00:00"}},
    )
    iam.delete_access_key(UserName=fabric.subject, AccessKeyId=key)
    iam.delete_user_policy(UserName=fabric.subject, PolicyName=INLINE_POLICY_NAME)
    iam.delete_user(UserName=fabric.subject)

    with watched(fabric) as calls:
        if change == "delete":
            keys.delete_all(fabric.subject)
        elif change == "revoke":
            keys.revoke(fabric.subject, key)
        else:
            keys.tend(fabric.subject, unused_after=None)

    assert "iam.DeleteAccessKey" not in calls.made
    assert keys.recorded(fabric.subject) == []


def test_holders_of_an_account_do_not_delay_what_it_loses(
    fabric: Fabric, iam: Any, promised: Callable[[float, float], None]
) -> None:
    OPERATIONS["take grant"].given(fabric)
    leases = Leases(fabric.deployment.client("dynamodb"), fabric.settings.registry_table)
    held, over = threading.Event(), threading.Event()

    def hold() -> None:
        while not over.is_set():
            with suppress(UnavailableError), leases.hold(lease_name(fabric.friend)):
                held.set()
                over.wait(1)

    with ThreadPoolExecutor(25) as holders:
        try:
            for _ in range(25):
                holders.submit(hold)
            assert held.wait(PATIENCE_S)
            began = time.monotonic()
            OPERATIONS["take grant"].does(fabric)
            took = time.monotonic() - began
        finally:
            over.set()

    promised(took, IN_FORCE_S)
    reply = iam.get_user_policy(UserName=fabric.friend, PolicyName=INLINE_POLICY_NAME)
    assert fabric.topic not in json.dumps(reply["PolicyDocument"])
    assert pending(fabric) == []


def test_policies_that_are_being_written_are_waited_for_a_second_and_written_then(
    fabric: Fabric, iam: Any
) -> None:
    OPERATIONS["take grant"].given(fabric)
    leases = Leases(fabric.deployment.client("dynamodb"), fabric.settings.registry_table, clock=fabric.clock)
    with leases.hold(policies_lease_name(fabric.friend)):
        OPERATIONS["take grant"].does(fabric)
        fabric.clock.now += DUE_S
        fabric.run_jobs()
        assert pending(fabric) == [("PENDING#access", f"user#{fabric.friend}")]

    fabric.wait(TURN_AGAIN_S)

    assert pending(fabric) == []
    reply = iam.get_user_policy(UserName=fabric.friend, PolicyName=INLINE_POLICY_NAME)
    assert fabric.topic not in json.dumps(reply["PolicyDocument"])


def test_rights_for_which_iam_has_no_room_are_tried_again(
    fabric: Fabric, iam: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    OPERATIONS["take grant"].given(fabric)
    fit = fabric.of_friend()
    own_rights = own(fit.namespace)
    with monkeypatch.context() as full:
        full.setattr(IamPrincipals, "ensure", _only(own_rights))
        fabric.features.access.give(replace(grant(fabric), right=Right.WRITE))
        assert pending(fabric) == [("PENDING#access", f"user#{fabric.friend}")]
        assert known_policy(fit) == principal_policies(cluster_arn=CLUSTER_ARN, holdings=own_rights).sha256

    fabric.wait(AGAIN_S)

    assert pending(fabric) == []
    require_sound(fabric, iam)


def _only(holdings: Holdings) -> Callable[[IamPrincipals, str, Holdings], Holdings]:
    """In the place of `IamPrincipals.ensure`, where IAM has room for these rights alone."""
    ensure = IamPrincipals.ensure

    def write(principals: IamPrincipals, subject: str, _holdings: Holdings) -> Holdings:
        return ensure(principals, subject, holdings)

    return write

"""Accounts when a dependency fails half-way, or when somebody else's user is in the way."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError

from octopus.accounts.principal import Principals
from octopus.accounts.service import Accounts
from octopus.accounts.store import AccountStore
from octopus.credentials.issuer import IamUserIssuer
from octopus.credentials.keys import Keys
from octopus.credentials.service import Credentials
from octopus.credentials.store import CredentialStore
from octopus.errors import Failure, OctopusError, UnavailableError
from octopus.iam.generate import INLINE_POLICY_NAME
from octopus.kafka.admin import KafkaAwayError, KafkaTopic, TopicAdmin
from octopus.registry.leases import Leases
from octopus.topics.service import Topics
from octopus.topics.store import TopicStore

SUBJECT = "7d8d8c1e-0d5c-4b0e-9f57-3f2a5c1b9e44"
CLUSTER = "arn:aws:kafka:us-east-1:000000000000:cluster/octopus-t/6f1e7a52-0000-4000-8000-000000000001"


class FaultyKafka(TopicAdmin):
    """Brokers without topics that fail when told to."""

    def __init__(self) -> None:
        self.fails: set[str] = set()

    def describe(self, name: str) -> KafkaTopic | None:
        self._maybe_fail("describe")
        return None

    def list_topics(self, prefix: str) -> dict[str, KafkaTopic]:
        self._maybe_fail("list")
        return {}

    def delete(self, names: Sequence[str]) -> None:
        self._maybe_fail("delete")

    def _maybe_fail(self, what: str) -> None:
        if what in self.fails:
            raise KafkaAwayError("timed out")


@pytest.fixture
def kafka() -> FaultyKafka:
    return FaultyKafka()


@pytest.fixture
def iam(database: Any) -> Any:
    return boto3.client("iam", region_name="us-east-1")


@pytest.fixture
def principals(iam: Any) -> Principals:
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "kafka-cluster:*", "Resource": "*"}],
    }
    boundary = iam.create_policy(PolicyName="boundary", PolicyDocument=json.dumps(policy))["Policy"]["Arn"]
    return Principals(iam, institution="t", boundary_arn=boundary, cluster_arn=CLUSTER)


@pytest.fixture
def credentials(database: Any, table: str, iam: Any) -> Credentials:
    kms = boto3.client("kms", region_name="us-east-1")
    return Credentials(
        store=CredentialStore(database, table),
        issuer=IamUserIssuer(iam),
        kms=kms,
        kms_key_arn=kms.create_key()["KeyMetadata"]["Arn"],
    )


@pytest.fixture
def accounts(
    database: Any, table: str, kafka: FaultyKafka, principals: Principals, credentials: Credentials
) -> Accounts:
    leases = Leases(database, table)
    return Accounts(
        store=AccountStore(database, table),
        leases=leases,
        principals=principals,
        credentials=credentials,
        topics=Topics(store=TopicStore(database, table), leases=leases, kafka=kafka),
    )


@pytest.fixture
def keys(accounts: Accounts, principals: Principals, credentials: Credentials) -> Keys:
    return Keys(accounts=accounts, principals=principals, credentials=credentials)


def users(iam: Any) -> list[str]:
    return [user["UserName"] for user in iam.list_users()["Users"]]


def test_deletion_that_cannot_begin_leaves_everything(
    accounts: Accounts, keys: Keys, iam: Any, kafka: FaultyKafka
) -> None:
    key = keys.current(SUBJECT)
    kafka.fails = {"describe", "list", "delete"}

    with pytest.raises(UnavailableError):
        accounts.delete(SUBJECT)

    assert keys.current(SUBJECT).access_key_id == key.access_key_id


def test_deletion_cut_short_takes_access_away_and_is_finished_by_the_next_call(
    accounts: Accounts, keys: Keys, iam: Any, kafka: FaultyKafka
) -> None:
    keys.current(SUBJECT)
    kafka.fails = {"list"}

    with pytest.raises(OctopusError, match="call again to finish") as refused:
        accounts.delete(SUBJECT)

    assert not isinstance(refused.value, UnavailableError), "something was done"
    assert iam.list_access_keys(UserName=SUBJECT)["AccessKeyMetadata"] == []
    assert iam.list_user_policies(UserName=SUBJECT)["PolicyNames"] == []
    assert accounts.namespaces(SUBJECT) == {}
    kafka.fails.clear()
    accounts.delete(SUBJECT)
    assert users(iam) == []


@pytest.mark.parametrize(
    ("path", "tags"),
    [("/people/", []), ("/msk-users/", [{"Key": "octopus:fabric", "Value": "another"}])],
    ids=["another path", "another fabric"],
)
def test_user_that_is_not_this_fabrics_is_left_alone(
    accounts: Accounts, iam: Any, path: str, tags: list[dict[str, str]]
) -> None:
    iam.create_user(UserName=SUBJECT, Path=path, Tags=tags)

    with pytest.raises(Failure, match="Failed to create IAM user"):
        accounts.create(SUBJECT)

    assert iam.list_user_policies(UserName=SUBJECT)["PolicyNames"] == []
    assert "PermissionsBoundary" not in iam.get_user(UserName=SUBJECT)["User"]


@pytest.mark.parametrize(
    ("path", "tags"),
    [("/people/", []), ("/msk-users/", [{"Key": "octopus:fabric", "Value": "another"}])],
    ids=["another path", "another fabric"],
)
def test_deletion_harms_no_user_that_is_not_this_fabrics(
    accounts: Accounts, keys: Keys, iam: Any, path: str, tags: list[dict[str, str]]
) -> None:
    iam.create_user(UserName=SUBJECT, Path=path, Tags=tags)
    key = iam.create_access_key(UserName=SUBJECT)["AccessKey"]["AccessKeyId"]
    own = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    iam.put_user_policy(
        UserName=SUBJECT,
        PolicyName=INLINE_POLICY_NAME,
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [own]}),
    )
    with pytest.raises(Failure):
        accounts.create(SUBJECT)

    keys.delete_all(SUBJECT)
    accounts.delete(SUBJECT)

    held = iam.list_access_keys(UserName=SUBJECT)["AccessKeyMetadata"]
    assert [each["AccessKeyId"] for each in held] == [key]
    assert iam.list_user_policies(UserName=SUBJECT)["PolicyNames"] == [INLINE_POLICY_NAME]


def test_deletion_that_iam_stops_does_not_claim_that_access_is_gone(
    accounts: Accounts, keys: Keys, iam: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = keys.current(SUBJECT)

    def away(_principals: Principals, _subject: str) -> None:
        raise EndpointConnectionError(endpoint_url="https://iam.example")

    monkeypatch.setattr(Principals, "withdraw", away)

    with pytest.raises(OctopusError, match="may have access still: call again to finish"):
        accounts.delete(SUBJECT)

    held = iam.list_access_keys(UserName=SUBJECT)["AccessKeyMetadata"]
    assert [each["AccessKeyId"] for each in held] == [key.access_key_id]


def test_deleting_an_account_that_never_was_succeeds(accounts: Accounts, keys: Keys) -> None:
    accounts.delete(SUBJECT)
    keys.delete_all(SUBJECT)

    assert accounts.namespaces(SUBJECT) == {}

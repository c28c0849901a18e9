"""What MSK's brokers make of IAM's policies, asked over the internet by clients that sign with IAM's keys."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from botocore.credentials import Credentials
from confluent_kafka import KafkaError, Message, Producer
from tenacity import Retrying, retry_if_not_result, stop_after_delay, wait_fixed

from octopus.iam.generate import canonical_json, principal_policies, session_policy
from octopus.iam.holdings import DataRight, Level, own
from octopus.kafka.admin import TopicAdmin
from octopus.kafka.asking import KafkaRefusedError
from octopus.kafka.client import client_settings
from octopus.kafka.quotas import QuotaAdmin
from tests.aws.conftest import DEPLOY, LONGEST_S
from tests.aws.principals import Caller, Role, role_of_the_lane
from tests.aws_account import Account, Cdk

pytestmark = [pytest.mark.aws, pytest.mark.timeout(LONGEST_S)]

NAMESPACE = "ns-0123456789ab"
MINE, THEIRS = f"{NAMESPACE}.mine", "ns-ba9876543210.theirs"
REFUSED = KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED).name()
KEY_IN_USE_S = 20
"""Seconds after which a new key is promised to be of use."""
IN_FORCE_S = 120


@dataclass(frozen=True)
class Brokers:
    """The cluster, and where it is reached from the internet."""

    cluster_arn: str
    servers: str
    region: str

    def settings(self, credentials: Credentials) -> dict[str, Any]:
        """Settings of a client that signs with these credentials."""
        return client_settings(bootstrap_servers=self.servers, credentials=credentials, region=self.region)

    def write(self, credentials: Credentials, topic: str) -> str:
        """Write a record; the name of the error that came of it, or nothing."""
        outcome: list[str] = []

        def note(error: KafkaError | None, _message: Message) -> None:
            outcome.append(error.name() if error else "")

        producer = Producer({**self.settings(credentials), "message.timeout.ms": 20_000, "log_level": 0})
        producer.produce(topic, b"lane", on_delivery=note)
        producer.flush(30)
        return outcome[0]

    def await_outcome(self, credentials: Credentials, topic: str, wanted: str) -> None:
        """Write until that is what comes of it: IAM's changes take a while."""
        attempts = Retrying(
            retry=retry_if_not_result(lambda outcome: outcome == wanted),
            stop=stop_after_delay(IN_FORCE_S),
            wait=wait_fixed(3),
        )
        attempts(self.write, credentials, topic)

    def data_plane(self, topics: str) -> list[dict[str, Any]]:
        """Statements that let somebody write to topics of this pattern."""
        of_topics = self.cluster_arn.replace(":cluster/", ":topic/")
        return [
            {"Effect": "Allow", "Action": ["kafka-cluster:Connect"], "Resource": self.cluster_arn},
            {
                "Effect": "Allow",
                "Action": ["kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"],
                "Resource": f"{of_topics}/{topics}",
            },
        ]


@pytest.fixture(scope="module")
def brokers(
    account: Account, institution: str, cdk: Cdk, context: Mapping[str, str], deployed: None
) -> Brokers:
    """The brokers, made public by a second deployment, to this machine alone."""
    address = httpx.get("https://checkip.amazonaws.com", timeout=10).text.strip()
    cluster = account.outputs(f"octopus-{institution}-kafka")["ClusterArn"]
    change = {
        "msk_public_access": "true",
        "msk_cluster_arn": cluster,
        "kafka_allowed_cidrs": f"{address}/32",
    }
    done = cdk(*DEPLOY, context={**context, **change})
    assert done.returncode == 0, done.stdout
    assert account.outputs(f"octopus-{institution}-kafka")["ClusterArn"] == cluster
    found = account.client("kafka").get_bootstrap_brokers(ClusterArn=cluster)
    return Brokers(cluster, found["BootstrapBrokerStringPublicSaslIam"], account.region)


@pytest.fixture(scope="module")
def topics(brokers: Brokers, service: Caller) -> Iterator[TopicAdmin]:
    """Topics of two namespaces, made with the rights of the service."""
    admin = TopicAdmin(lambda: brokers.settings(service.credentials), replication_factor=3)
    for name in (MINE, THEIRS):
        admin.create(name)
    yield admin
    admin.delete([MINE, THEIRS])
    admin.close()


@pytest.fixture(scope="module")
def client_role(account: Account, institution: str, brokers: Brokers) -> Iterator[Role]:
    """A role with the policy of the one that users' sessions are made of, which the lane may assume."""
    name = f"octopus-{institution}-client"
    held = account.client("iam").get_role_policy(RoleName=name, PolicyName=name)["PolicyDocument"]
    with role_of_the_lane(account, f"{name}-lane") as role:
        role.hold("data-plane", held["Statement"])
        yield role


def test_a_second_deployment_makes_the_brokers_public(brokers: Brokers) -> None:
    servers = brokers.servers.split(",")
    assert len(servers) == 3
    assert {server.rpartition(":")[2] for server in servers} == {"9198"}


def test_service_keeps_topics_and_quotas(brokers: Brokers, service: Caller, topics: TopicAdmin) -> None:
    assert set(topics.list_topics(f"{NAMESPACE}.")) == {MINE}
    quotas = QuotaAdmin(lambda: brokers.settings(service.credentials))
    try:
        quotas.alter({"lane": {"producer_byte_rate": 1_000_000.0}})
        assert quotas.held()["lane"] == {"producer_byte_rate": 1_000_000.0}
        quotas.alter({"lane": {"producer_byte_rate": None}})
        assert "lane" not in quotas.held()
    finally:
        quotas.close()


def test_a_session_may_what_its_own_policy_says_and_no_more(
    brokers: Brokers, topics: TopicAdmin, client_role: Role
) -> None:
    rights = frozenset({DataRight(MINE, Level.WRITE)})
    policy = session_policy(cluster_arn=brokers.cluster_arn, rights=rights, namespaces={NAMESPACE: None})
    narrow = client_role.assumed(Policy=canonical_json(policy), SourceIdentity=str(uuid.uuid4()))
    brokers.await_outcome(narrow.credentials, MINE, "")
    assert brokers.write(narrow.credentials, THEIRS) == REFUSED


def test_a_session_ends_by_a_deny_on_its_user_id(
    brokers: Brokers, topics: TopicAdmin, client_role: Role
) -> None:
    revoked, other = (client_role.assumed(RoleSessionName=str(uuid.uuid4())) for _ in range(2))
    brokers.await_outcome(revoked.credentials, MINE, "")
    deny = {
        "Effect": "Deny",
        "Action": ["kafka-cluster:*"],
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:userid": revoked.user_id}},
    }
    client_role.hold("revoked", [deny])
    attempts = Retrying(
        retry=retry_if_not_result(bool), stop=stop_after_delay(IN_FORCE_S), wait=wait_fixed(3)
    )
    assert attempts(brokers.write, revoked.credentials, MINE)
    assert brokers.write(other.credentials, MINE) == ""


def test_a_policy_variable_names_the_namespace_of_a_session(
    account: Account, institution: str, brokers: Brokers, topics: TopicAdmin
) -> None:
    with role_of_the_lane(account, f"octopus-{institution}-variables-lane") as role:
        role.hold("data-plane", brokers.data_plane("${aws:PrincipalTag/namespace}.*"))
        caller = role.assumed(Tags=[{"Key": "namespace", "Value": NAMESPACE}])
        brokers.await_outcome(caller.credentials, MINE, "")
        assert brokers.write(caller.credentials, THEIRS) == REFUSED


def test_a_new_key_is_of_use_when_it_is_promised_to_be(
    brokers: Brokers, topics: TopicAdmin, service: Caller, new_user: Callable[[], str]
) -> None:
    iam, name = service.client("iam"), new_user()
    policy = principal_policies(cluster_arn=brokers.cluster_arn, holdings=own(NAMESPACE)).inline
    iam.put_user_policy(UserName=name, PolicyName="octopus", PolicyDocument=canonical_json(policy))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    credentials = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    began = time.monotonic()
    brokers.await_outcome(credentials, MINE, "")
    assert time.monotonic() - began <= KEY_IN_USE_S
    assert brokers.write(credentials, THEIRS) == REFUSED


def test_a_boundary_holds_on_brokers_whatever_a_user_is_allowed(
    account: Account, brokers: Brokers, topics: TopicAdmin, new_user: Callable[[], str]
) -> None:
    iam, name = account.client("iam"), new_user()
    everything = {"Effect": "Allow", "Action": "kafka-cluster:*", "Resource": "*"}
    iam.put_user_policy(
        UserName=name,
        PolicyName="octopus",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [everything]}),
    )
    key = iam.create_access_key(UserName=name)["AccessKey"]
    credentials = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    brokers.await_outcome(credentials, THEIRS, "")
    admin = TopicAdmin(lambda: brokers.settings(credentials), replication_factor=3)
    try:
        with pytest.raises(KafkaRefusedError):
            admin.delete([THEIRS])
    finally:
        admin.close()
    assert topics.describe(THEIRS) is not None

"""Addresses that AWS is asked for: MSK's by recorded answers, the gateway's from simulated parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from octopus.addresses import Addresses, AddressUnknownError, Brokers, open_addresses
from octopus.kafka.client import own_client
from octopus.learnt import AGAIN_S, Learnt
from octopus.settings import ServiceSettings

CLUSTER = (
    "arn:aws-us-gov:kafka:us-gov-west-1:111122223333:cluster/octopus-t/0e8fd0e8-1a2b-3c4d-5e6f-7a8b9c0d1e2f-5"
)
INSIDE = "b-1.octopus-t.kafka.us-gov-west-1.amazonaws.com:9098"
OUTSIDE = "b-1-public.octopus-t.kafka.us-gov-west-1.amazonaws.com:9198"


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def settings(**given: Any) -> ServiceSettings:
    told = {
        "institution": "t",
        "registry_table": "registry",
        "credentials_table": "credentials",
        "credentials_key_arn": "key",
        "archive_bucket": "archive",
        "client_role_arn": "role",
        "cluster_arn": CLUSTER,
        "globus_secret_name": "name",
        **given,
    }
    return ServiceSettings(**told)


@pytest.fixture
def msk(aws_session: boto3.Session) -> Iterator[tuple[Any, Stubber]]:
    client = aws_session.client("kafka")
    with Stubber(client) as stub:
        yield client, stub
        stub.assert_no_pending_responses()


def asked(stub: Stubber, **answer: str) -> None:
    stub.add_response("get_bootstrap_brokers", answer, {"ClusterArn": CLUSTER})


@pytest.fixture
def addresses(msk: tuple[Any, Stubber], cloud: boto3.Session) -> Callable[..., Addresses]:
    def made(**given: Any) -> Addresses:
        return Addresses(settings(**given), msk=lambda: msk[0], ssm=lambda: cloud.client("ssm"))

    return made


def test_addresses_that_are_given_are_not_asked_for(addresses: Callable[..., Addresses]) -> None:
    given = addresses(bootstrap_servers="broker.example.org:9098", public_url="https://octopus.example.org")

    assert given.brokers() == Brokers("broker.example.org:9098", "broker.example.org:9098")
    assert given.public_url() == "https://octopus.example.org"


def test_cluster_without_public_access_is_told_to_users_as_it_is_inside(
    addresses: Callable[..., Addresses], msk: tuple[Any, Stubber]
) -> None:
    asked(msk[1], BootstrapBrokerStringSaslIam=INSIDE)

    assert addresses().brokers() == Brokers(INSIDE, INSIDE)


def test_users_are_told_the_public_addresses_and_own_clients_take_the_private_ones(
    addresses: Callable[..., Addresses], msk: tuple[Any, Stubber]
) -> None:
    asked(msk[1], BootstrapBrokerStringSaslIam=INSIDE, BootstrapBrokerStringPublicSaslIam=OUTSIDE)
    found = addresses(kafka="msk-standard")

    assert found.brokers().outside == OUTSIDE
    own = own_client(settings(kafka="msk-standard"), found)()
    assert own["bootstrap.servers"] == INSIDE


def test_cluster_without_iam_access_has_no_address(
    addresses: Callable[..., Addresses], msk: tuple[Any, Stubber]
) -> None:
    asked(msk[1], BootstrapBrokerStringTls=INSIDE)

    with pytest.raises(AddressUnknownError, match="brokers' addresses are not known yet"):
        addresses().brokers()


def test_aws_that_refuses_is_an_address_that_is_not_known(
    addresses: Callable[..., Addresses], msk: tuple[Any, Stubber]
) -> None:
    msk[1].add_client_error("get_bootstrap_brokers", "ForbiddenException", http_status_code=403)

    with pytest.raises(AddressUnknownError):
        addresses().brokers()


def test_gateway_is_found_once_its_stack_has_written_it_down(
    addresses: Callable[..., Addresses], cloud: boto3.Session
) -> None:
    with pytest.raises(AddressUnknownError, match="/octopus/t/gateway_url"):
        addresses().public_url()

    url = "https://a1b2c3.execute-api.us-gov-west-1.amazonaws.com/v1"
    cloud.client("ssm").put_parameter(Name="/octopus/t/gateway_url", Value=f"{url}/", Type="String")

    assert addresses().public_url() == url


def test_nobody_is_asked_before_an_address_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")

    assert open_addresses(settings(public_url="https://x")).public_url() == "https://x"


def test_last_answer_is_kept_while_there_is_no_other_and_replaced_by_the_next() -> None:
    clock, answers = Clock(), [None, "first", None, "second"]
    learnt = Learnt("address", lambda: answers.pop(0), lasts_s=600, clock=clock)

    assert learnt.get() is None
    assert learnt.get() is None, "not asked again at once"
    clock.now += AGAIN_S
    assert learnt.get() == "first"
    clock.now += 600
    assert learnt.get() == "first"
    clock.now += AGAIN_S
    assert learnt.get() == "second"
    assert answers == []

"""What the lane's tests need of an installation, on AWS and on an emulator alike."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator

import pytest

from tests.aws.principals import Caller, service_of
from tests.aws_account import Account

__all__ = ["boundary", "new_user", "queue", "service", "topic"]

PATH, FABRIC_TAG = "/msk-users/", "octopus:fabric"


@pytest.fixture(scope="session")
def service(account: Account, institution: str, deployed: None) -> Iterator[Caller]:
    """Somebody with exactly the policy of the service."""
    with service_of(account, institution) as caller:
        yield caller


@pytest.fixture(scope="session")
def boundary(account: Account, institution: str, deployed: None) -> str:
    """ARN of the boundary of users."""
    name = f"/octopus/{institution}/principal_boundary_arn"
    return str(account.client("ssm").get_parameter(Name=name)["Parameter"]["Value"])


@pytest.fixture
def new_user(
    account: Account, institution: str, service: Caller, boundary: str
) -> Iterator[Callable[[], str]]:
    """Makes users as the service does; they are gone after the test."""
    made: list[str] = []

    def make() -> str:
        name = str(uuid.uuid4())
        tags = [{"Key": FABRIC_TAG, "Value": institution}]
        service.client("iam").create_user(UserName=name, Path=PATH, PermissionsBoundary=boundary, Tags=tags)
        made.append(name)
        return name

    yield make
    iam = account.client("iam")
    for name in made:
        for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
            iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
        for policy in iam.list_user_policies(UserName=name)["PolicyNames"]:
            iam.delete_user_policy(UserName=name, PolicyName=policy)
        iam.delete_user(UserName=name)


@pytest.fixture
def topic(account: Account, institution: str, deployed: None) -> str:
    """ARN of the topic that alarms go to."""
    alarms = account.client("cloudwatch").describe_alarms(AlarmNamePrefix=f"octopus-{institution}-")
    (arn,) = {action for alarm in alarms["MetricAlarms"] for action in alarm["AlarmActions"]}
    return str(arn)


@pytest.fixture
def queue(account: Account, institution: str, topic: str) -> Iterator[str]:
    """A queue that hears what goes through that topic; gone after the test."""
    sqs, sns = account.client("sqs"), account.client("sns")
    url = sqs.create_queue(QueueName=f"octopus-{institution}-lane")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True)[
        "SubscriptionArn"
    ]
    yield str(url)
    sns.unsubscribe(SubscriptionArn=subscription)
    sqs.delete_queue(QueueUrl=url)

"""The one seam to AWS: clients by boto3's default chain, real account or emulator alike."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import NoCredentialsError
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

if TYPE_CHECKING:
    from botocore.credentials import Credentials
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_kafka import KafkaClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_sts import STSClient

_CONFIG = Config(
    connect_timeout=1,
    read_timeout=4,
    retries={"mode": "standard", "total_max_attempts": 2},
    # As many as the web service has threads, for requests and in the background.
    max_pool_connections=60,
)
"""A dead dependency is known within ten seconds: the gateway in front gives up at 29 s."""
_NEW_USER_KNOWN_S = 6.0
_SEEN_GONE_S = 4.0


@cache
def _session() -> boto3.Session:
    # AWS's newer tools and ECS set AWS_REGION; boto3 alone would read AWS_DEFAULT_REGION only.
    return boto3.Session(region_name=os.environ.get("AWS_REGION"))


def cloudwatch(config: Config | None = None) -> CloudWatchClient:
    """Metrics that alarms stand on; the argument as for `dynamodb`."""
    return _session().client("cloudwatch", config=_CONFIG.merge(config) if config else _CONFIG)


def credentials() -> Credentials:
    """The key that this process signs with, renewed by itself where it ends.

    Raises:
        botocore.exceptions.NoCredentialsError: there is none.
    """
    found = _session().get_credentials()
    if found is None:
        raise NoCredentialsError
    return found


def dynamodb(config: Config | None = None) -> DynamoDBClient:
    """The registry's database.

    Args:
        config: what is to be otherwise than for requests.
    """
    return _session().client("dynamodb", config=_CONFIG.merge(config) if config else _CONFIG)


def iam(config: Config | None = None) -> IAMClient:
    """Users, access keys and policies; the same argument."""
    return _session().client("iam", config=_CONFIG.merge(config) if config else _CONFIG)


def iam_at_ease() -> IAMClient:
    """The same for a reader that can wait: it slows down by itself when IAM asks for that.

    IAM's limits are the account's: who reads as fast as it can takes them from those who have to write.
    """
    return iam(Config(retries={"mode": "adaptive", "total_max_attempts": 2}))


def until_user_known(client: IAMClient) -> Retrying:
    """Makes a call about a user again while IAM says that there is none, for some seconds.

    IAM is eventually consistent: a user made a moment ago may be unknown to the next call. The call's
    ``NoSuchEntityException`` comes through in the end.
    """
    return Retrying(
        retry=retry_if_exception_type(client.exceptions.NoSuchEntityException),
        wait=wait_random_exponential(multiplier=0.1, max=1),
        stop=stop_after_delay(_NEW_USER_KNOWN_S),
        reraise=True,
    )


def until_unused(client: IAMClient) -> Retrying:
    """Makes a deletion again while IAM says that something is still in use, for some seconds.

    IAM is eventually consistent: it may keep a user for a key, or a policy for a user, that was deleted a
    moment ago. The call's ``DeleteConflictException`` comes through in the end.
    """
    return Retrying(
        retry=retry_if_exception_type(client.exceptions.DeleteConflictException),
        wait=wait_random_exponential(multiplier=0.1, max=1),
        stop=stop_after_delay(_SEEN_GONE_S),
        reraise=True,
    )


def kms() -> KMSClient:
    """Encryption of stored secrets."""
    return _session().client("kms", config=_CONFIG)


def msk() -> KafkaClient:
    """Amazon MSK's own API: where a cluster's brokers are."""
    return _session().client("kafka", config=_CONFIG)


def secretsmanager() -> SecretsManagerClient:
    """The Globus client's secret."""
    return _session().client("secretsmanager", config=_CONFIG)


def ses() -> SESV2Client:
    """Mail: one attempt, as a second one after a time-out might send a letter twice."""
    once = Config(retries={"mode": "standard", "total_max_attempts": 1})
    return _session().client("sesv2", config=_CONFIG.merge(once))


def ssm() -> SSMClient:
    """What the stacks wrote down."""
    return _session().client("ssm", config=_CONFIG)


def sts(config: Config | None = None) -> STSClient:
    """Sessions of users; the argument as for `dynamodb`."""
    return _session().client("sts", config=_CONFIG.merge(config) if config else _CONFIG)


def sts_of(access_key_id: str, secret: str) -> STSClient:
    """The same with another key than this process's, for one short question: an answer within two seconds."""
    once = Config(connect_timeout=1, read_timeout=1, retries={"mode": "standard", "total_max_attempts": 1})
    return _session().client(
        "sts",
        config=_CONFIG.merge(once),
        aws_access_key_id=access_key_id,
        aws_secret_access_key=secret,
    )


def region() -> str:
    """The deployment's region.

    Raises:
        ValueError: no region is configured.
    """
    name = _session().region_name
    if name is None:
        raise ValueError("AWS_REGION is not set: the fabric needs the region it was deployed to")
    return name

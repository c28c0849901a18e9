"""Roles that the lane makes for itself, to ask AWS what a principal of the platform may do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from tenacity import Retrying, retry_if_exception, retry_if_not_result, stop_after_delay, wait_fixed

from tests.aws_account import Account

_DENIED = ("AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation")
KNOWN_S = 60
"""IAM is eventually consistent: a new role or policy may be unknown for so many seconds."""


def is_denied(call: Callable[..., object], **params: object) -> bool:
    """Whether AWS forbids a call; any other error comes through."""
    try:
        call(**params)
    except ClientError as error:
        if _is_denial(error):
            return True
        raise
    return False


def _is_denial(error: BaseException) -> bool:
    return isinstance(error, ClientError) and error.response["Error"]["Code"] in _DENIED


def error_of(call: Callable[..., object], **params: object) -> str:
    """The code of a call's error."""
    try:
        call(**params)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "none"


@dataclass(frozen=True)
class Caller:
    """Somebody who signs with a session."""

    session: boto3.Session
    endpoint: str | None
    user_id: str

    def client(self, service: str) -> Any:
        """A client that signs so."""
        return self.session.client(service, endpoint_url=self.endpoint)  # type: ignore[call-overload]

    @property
    def credentials(self) -> Credentials:
        """What it signs with."""
        found = self.session.get_credentials()
        assert isinstance(found, Credentials)
        return found


@dataclass(frozen=True)
class Role:
    """A role of the lane's own, which its operator may assume."""

    account: Account
    name: str
    arn: str

    def assumed(self, **how: object) -> Caller:
        """A session, once the role is known everywhere.

        Args:
            how: further parameters of AssumeRole.
        """
        sts = self.account.client("sts")

        attempts = Retrying(
            retry=retry_if_exception(_is_denial),
            stop=stop_after_delay(KNOWN_S),
            wait=wait_fixed(2),
            reraise=True,
        )
        made = attempts(sts.assume_role, RoleArn=self.arn, **{"RoleSessionName": "lane", **how})
        session = boto3.Session(
            made["Credentials"]["AccessKeyId"],
            made["Credentials"]["SecretAccessKey"],
            made["Credentials"]["SessionToken"],
            region_name=self.account.region,
        )
        return Caller(session, self.account.endpoint, made["AssumedRoleUser"]["AssumedRoleId"])

    def hold(self, name: str, statements: Sequence[Mapping[str, object]]) -> None:
        """Give it an inline policy, or another one of that name."""
        document = {"Version": "2012-10-17", "Statement": list(statements)}
        self.account.client("iam").put_role_policy(
            RoleName=self.name, PolicyName=name, PolicyDocument=json.dumps(document)
        )


@contextmanager
def role_of_the_lane(account: Account, name: str, *, policy_arns: Sequence[str] = ()) -> Iterator[Role]:
    """A role with these managed policies that the operator's account may assume; gone at the end."""
    iam = account.client("iam")
    partition, number = _whose(account)
    actions = ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"]
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{partition}:iam::{number}:root"},
        "Action": actions,
    }
    made = iam.create_role(
        RoleName=name,
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        Description="Made by Octopus' tests on a real account; may go",
    )
    try:
        for arn in policy_arns:
            iam.attach_role_policy(RoleName=name, PolicyArn=arn)
        yield Role(account, name, made["Role"]["Arn"])
    finally:
        for arn in policy_arns:
            iam.detach_role_policy(RoleName=name, PolicyArn=arn)
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            iam.delete_role_policy(RoleName=name, PolicyName=policy)
        iam.delete_role(RoleName=name)


def _whose(account: Account) -> tuple[str, str]:
    identity = account.client("sts").get_caller_identity()
    return str(identity["Arn"]).split(":")[1], str(identity["Account"])


def policy_arn(account: Account, name: str) -> str:
    """ARN of a managed policy that the stacks made."""
    partition, number = _whose(account)
    return f"arn:{partition}:iam::{number}:policy/{name}"


@contextmanager
def service_of(account: Account, institution: str) -> Iterator[Caller]:
    """Somebody with exactly the policies of the service."""
    pages = account.client("iam").get_paginator("list_policies").paginate(Scope="Local")
    arns = [
        policy["Arn"]
        for page in pages
        for policy in page["Policies"]
        if policy["PolicyName"].startswith(f"octopus-{institution}-service")
    ]
    with role_of_the_lane(account, f"octopus-{institution}-lane", policy_arns=arns) as role:
        caller = role.assumed()
        attempts = Retrying(
            retry=retry_if_not_result(lambda error: error == "NoSuchEntity"),
            stop=stop_after_delay(KNOWN_S),
            wait=wait_fixed(2),
        )
        # What the policy allows, and nothing else: the role has it from here on.
        attempts(error_of, caller.client("iam").get_user, UserName="00000000-0000-0000-0000-000000000000")
        yield caller

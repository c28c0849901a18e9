"""Whether API Gateway may write logs: by a role that is the whole account's in this region."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from stacks.first_day.account import Account
from stacks.first_day.findings import Finding, fails, ok

ROLE = "octopus-apigateway-logs"
"""Not an institution's own: every API of this account writes its logs by it, and it stays."""
_POLICY = "service-role/AmazonAPIGatewayPushToCloudWatchLogs"
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "apigateway.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
_KNOWN_TO_GATEWAY_S = 60


def check(account: Account, *, fix: bool) -> Iterator[Finding]:
    """Yield whether there is such a role; ``fix`` makes one where there is none, and replaces none."""
    there = account.client("apigateway").get_account().get("cloudwatchRoleArn")
    if not there:
        if fix:
            yield ok("log role of API Gateway", f"{_make(account)}, made now")
        else:
            yield fails(
                "log role of API Gateway",
                "API Gateway has none in this region, and no stage with logs can be made",
                f"scripts/preflight {account.words} --fix makes one for the whole account",
            )
        return
    iam = account.client("iam")
    try:
        iam.get_role(RoleName=there.rpartition("/")[2])
    except iam.exceptions.NoSuchEntityException:
        yield fails(
            "log role of API Gateway",
            f"API Gateway names {there}, which is gone",
            "name one that exists: aws apigateway update-account --patch-operations "
            "op=replace,path=/cloudwatchRoleArn,value=ROLE_ARN",
        )
    else:
        yield ok("log role of API Gateway", there)


def _make(account: Account) -> str:
    iam, settings = account.client("iam"), account.settings
    partition = account.caller.split(":")[1]
    bounded: dict[str, Any] = {}
    if settings.role_permissions_boundary:
        boundary = f"arn:{partition}:iam::{account.id}:policy/{settings.role_permissions_boundary}"
        bounded["PermissionsBoundary"] = boundary
    try:
        made = iam.create_role(
            RoleName=ROLE,
            Path=settings.role_path,
            AssumeRolePolicyDocument=json.dumps(_TRUST),
            Description="API Gateway writes the logs of every API of this account by it",
            **bounded,
        )["Role"]
    except iam.exceptions.EntityAlreadyExistsException:
        # Another region's, or of a run that ended half-way.
        made = iam.get_role(RoleName=ROLE)["Role"]
    iam.attach_role_policy(RoleName=ROLE, PolicyArn=f"arn:{partition}:iam::aws:policy/{_POLICY}")
    # API Gateway refuses a role that IAM has not told it of yet.
    gateway = account.client("apigateway")
    for attempt in Retrying(
        retry=retry_if_exception_type(gateway.exceptions.BadRequestException),
        stop=stop_after_delay(_KNOWN_TO_GATEWAY_S),
        wait=wait_fixed(5),
        reraise=True,
    ):
        with attempt:
            gateway.update_account(
                patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": made["Arn"]}]
            )
    return str(made["Arn"])

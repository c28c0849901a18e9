"""Checks of what the stacks made in AWS, or in the emulator, and of the platform's own keys."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from octopus import aws
from octopus.credentials.issuer import PrincipalGoneError
from octopus.credentials.secrets import UnreadableSecretError, decrypt, encrypt
from octopus.doctor.findings import Finding, NotKnownError, failed, ok
from octopus.doctor.operator import Operator
from octopus.errors import NotFoundError
from octopus.iam.generate import principal_boundary

SESSION_S = 3600
"""AWS lets a role that was assumed by a role live no longer."""

Asked = Callable[[Operator], Finding]
Right = tuple[str, str, str]
"""Effect, action and resource."""


def of_aws(ask: Asked) -> Asked:
    """The check, with AWS's own refusals as findings."""

    def asked(operator: Operator) -> Finding:
        try:
            return ask(operator)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "unknown")
            return failed(
                f"AWS refuses {error.operation_name}: {code}",
                "sign with credentials that may read the deployment (AWS_PROFILE); if they may, it is gone: "
                "deploy again",
            )
        except BotoCoreError as error:
            return failed(
                f"AWS does not answer: {error}",
                "set AWS_REGION and credentials of the account; on this machine see `octopus status`",
            )

    return asked


def check_credentials(_operator: Operator) -> Finding:
    """Who asks."""
    caller = aws.sts().get_caller_identity()
    return ok(f"{caller['Arn']} in {aws.region()}")


def check_parameters(operator: Operator) -> Finding:
    """Whether the stacks wrote everything down that the platform's processes read."""
    path = f"/octopus/{operator.institution}/"
    try:
        deployed = operator.deployed
    except NotFoundError as error:
        return failed(str(error), "name the right --institution and AWS_REGION, or deploy: docs/deploying.md")
    except ValidationError as error:
        names = ", ".join(path + ".".join(map(str, fault["loc"])) for fault in error.errors())
        return failed(f"missing or wrong: {names}", "deploy the foundation again with this release's app")
    return ok(f"{len(type(deployed).model_fields)} under {path}, of cluster {deployed.cluster_arn}")


def check_tables(operator: Operator) -> Finding:
    """Whether both tables are there."""
    for name in (operator.deployed.registry_table, operator.deployed.credentials_table):
        status = aws.dynamodb().describe_table(TableName=name)["Table"]["TableStatus"]
        if status not in ("ACTIVE", "UPDATING"):
            return failed(
                f"table {name} is {status}", "wait until it is ACTIVE, or restore it from its backup"
            )
    return ok(f"{operator.deployed.registry_table} and {operator.deployed.credentials_table} are active")


def check_encryption(operator: Operator) -> Finding:
    """Whether secrets open with the context that they were closed with, and with no other."""
    client, key_arn = aws.kms(), operator.deployed.credentials_key_arn
    secret, owner, access_key_id = uuid.uuid4().hex, "octopus-doctor", "OCTOPUSDOCTOR000"
    closed = encrypt(client, key_arn, subject=owner, access_key_id=access_key_id, secret=secret)
    opened = decrypt(client, key_arn, subject=owner, access_key_id=access_key_id, ciphertext=closed)
    if opened != secret:
        return failed(
            f"{key_arn} gives back something else than was put in", "this is no KMS: look at AWS_ENDPOINT_URL"
        )
    try:
        decrypt(client, key_arn, subject="somebody-else", access_key_id=access_key_id, ciphertext=closed)
    except UnreadableSecretError:
        return ok(f"{key_arn} opens a secret for its owner's context alone")
    return failed(
        f"{key_arn} opens a secret for another owner, too", "this is no KMS: look at AWS_ENDPOINT_URL"
    )


def check_boundary(operator: Operator) -> Finding:
    """Whether the permissions boundary is the one that this release makes."""
    if operator.deployed.credentials == "session":
        raise NotKnownError("people sign with sessions here, and nobody is made in IAM")
    arn = operator.deployed.principal_boundary_arn
    version = aws.iam().get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    held = aws.iam().get_policy_version(PolicyArn=arn, VersionId=version or "v1")["PolicyVersion"]
    difference = _difference(
        _document(held["Document"]), principal_boundary(cluster_arn=operator.deployed.cluster_arn)
    )
    if difference is not None:
        return failed(
            f"{arn} {difference}",
            "somebody changed it: deploy the foundation again, and look in CloudTrail for who did",
        )
    return ok(f"{arn} is the data plane of this cluster and no more")


def check_client_role(operator: Operator) -> Finding:
    """Whether users' sessions can be made: the role, whom it trusts, for how long."""
    arn = operator.deployed.client_role_arn
    role = aws.iam().get_role(RoleName=arn.rpartition("/")[2])["Role"]
    trusted = json.dumps(_document(role["AssumeRolePolicyDocument"]))
    user = operator.user_name("service")
    if f"/{user}" not in trusted:
        return failed(
            f"{arn} does not trust {user}", "deploy the foundation again: without it there are no sessions"
        )
    if role.get("MaxSessionDuration", SESSION_S) < SESSION_S:
        return failed(
            f"{arn} lets sessions live for {role['MaxSessionDuration']} s",
            "deploy the foundation again: an hour",
        )
    return ok(f"{arn} is assumed by {user} alone, for an hour at most")


def check_platform_key(operator: Operator, principal: str) -> Finding:
    """Whether a process of the platform has a key that works."""
    issue = (
        f"`octopus platform env {principal} --institution {operator.institution}` issues one; start the "
        f"{principal} again with it (on this machine: `octopus up`)"
    )
    try:
        key = operator.platform_key(principal)
    except PrincipalGoneError:
        return failed(f"IAM has no user {operator.user_name(principal)}", "deploy the foundation again")
    if key is None:
        if operator.deployed.kafka != "external" and not _has_user(operator.user_name(principal)):
            raise NotKnownError(f"the {principal} signs with a role, as it does in Fargate")
        return failed(f"no recorded key of the {principal} is active, unexpired and readable", issue)
    return ok(f"{key.access_key_id} is active and can be decrypted")


def _has_user(name: str) -> bool:
    client = aws.iam()
    try:
        client.get_user(UserName=name)
    except client.exceptions.NoSuchEntityException:
        return False
    return True


def _difference(held: Mapping[str, Any], wanted: Mapping[str, Any]) -> str | None:
    """How one policy differs from another, in words; None when they say the same."""
    have, want = set(_rights(held)), set(_rights(wanted))
    more, less = sorted(have - want), sorted(want - have)
    if more:
        return f"says more than it should: {more[0][0].lower()} {more[0][1]} on {more[0][2]}"
    if less:
        return f"lacks {less[0][1]} on {less[0][2]}"
    return None


def _rights(policy: Mapping[str, Any]) -> Iterator[Right]:
    for statement in _listed(policy["Statement"]):
        for action in _listed(statement.get("Action", "NotAction")):
            for resource in _listed(statement.get("Resource", "NotResource")):
                yield str(statement["Effect"]), str(action), str(resource)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _document(held: Any) -> Mapping[str, Any]:
    # botocore decodes IAM's documents; the stubs, and some emulators, hand over their text.
    return dict(json.loads(unquote(held)) if isinstance(held, str) else held)

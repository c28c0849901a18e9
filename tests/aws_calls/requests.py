"""What IAM decides of one call to AWS: the action, the resource, and the keys that conditions look at.

Source: Service Authorization Reference, of each service "Actions, resources, and condition keys".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ACCOUNT = "111122223333"
REGION = "us-east-1"
SUBJECT = "6c6b3f0e-7a3a-4a43-9d3a-0d9a6a9a4b11"
"""Stands for every person."""
_IAM = f"arn:aws:iam::{ACCOUNT}"
_OF_A_TRANSACTION = {
    "ConditionCheck": "ConditionCheckItem",
    "Delete": "DeleteItem",
    "Get": "GetItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
}
_OF_NOTHING = ("GetAccountAuthorizationDetails", "GetAccountSummary")
_OF_ABSENT = ("GetUser", "GetUserPolicy", "ListAccessKeys")
"""What is asked before anybody knows whether a user is there; for the rest one was there a moment ago."""
_WITH_BOUNDARY = ("AttachUserPolicy", "CreateUser", "PutUserPermissionsBoundary", "PutUserPolicy")
"""The requests that carry ``iam:PermissionsBoundary``: what the user has, or is to have."""

Params = Mapping[str, Any]


@dataclass(frozen=True)
class Call:
    """One call to AWS that was answered.

    Attributes:
        service: as botocore names it.
        operation: as botocore names it.
        params: of the operation.
        institution: whose tag the fabric's users carry.
        absent: whether the answer was that there is no such user, whose path IAM then does not know.
    """

    service: str
    operation: str
    params: Params
    institution: str
    absent: bool = False


@dataclass(frozen=True, order=True)
class Request:
    """One question to IAM."""

    action: str
    resource: str
    context: tuple[tuple[str, str], ...] = ()


class UnknownCallError(Exception):
    """Nobody has said yet what IAM asks for this call."""


def requests_of(call: Call) -> list[Request]:
    """Return what IAM is asked when this call is made.

    Raises:
        UnknownCallError: the call is of no kind that is described here.
    """
    if call.service not in _ASKED:
        raise UnknownCallError(f"{call.service}.{call.operation}")
    return list(_ASKED[call.service](call))


def _dynamodb(call: Call) -> Iterator[Request]:
    if call.operation in ("TransactWriteItems", "TransactGetItems"):
        for item in call.params["TransactItems"]:
            ((kind, told),) = item.items()
            yield _of_table(_OF_A_TRANSACTION[kind], told["TableName"], told)
    elif call.operation in ("BatchGetItem", "BatchWriteItem"):
        for table in call.params["RequestItems"]:
            yield _of_table(call.operation, table, {})
    else:
        yield _of_table(call.operation, call.params["TableName"], call.params)


def _of_table(operation: str, table: str, told: Params) -> Request:
    key = told.get("Key") or told.get("Item")
    # Only the credentials table has a reader whose writes are bounded by their key.
    bounded = table.endswith("-credentials") and operation not in ("GetItem", "Query")
    leading = {"dynamodb:LeadingKeys": _prefix(key["pk"]["S"])} if key and bounded else {}
    return _request(f"dynamodb:{operation}", _arn("dynamodb", f"table/{table}"), leading)


def _prefix(key: str) -> str:
    kind, separator, _ = key.partition("#")
    return f"{kind}{separator}x" if separator else kind


def _iam(call: Call) -> Iterator[Request]:
    params, action = call.params, f"iam:{call.operation}"
    # Of a key's last use IAM finds the user by itself.
    user = params.get("UserName", SUBJECT if call.operation == "GetAccessKeyLastUsed" else None)
    if call.operation in _OF_NOTHING:
        yield _request(action, "*")
    elif call.operation == "CreatePolicy":
        yield _request(action, f"{_IAM}:policy{params['Path']}{params['PolicyName']}")
    elif "GroupName" in params:
        yield _request(action, f"{_IAM}:group/{params['GroupName']}")
    elif "RoleName" in params:
        yield _request(action, f"{_IAM}:role/{params['RoleName']}")
    elif user is None and "PolicyArn" in params:
        yield _request(action, params["PolicyArn"])
    elif user is None:
        raise UnknownCallError(f"iam.{call.operation}")
    elif call.absent and call.operation in _OF_ABSENT:
        yield _request(action, f"{_IAM}:user/{user}")
    else:
        of_platform = user.startswith(f"octopus-{call.institution}-")
        usual = f"/octopus/{call.institution}/" if of_platform else "/msk-users/"
        arn = f"{_IAM}:user{params.get('Path', usual)}{user}"
        yield _request(action, arn, _about_user(call, usual))
        if call.operation == "CreateUser":
            yield _request("iam:TagUser", arn, _tags(params))


def _about_user(call: Call, path: str) -> dict[str, str]:
    params = call.params
    context = _tags(params)
    if path == "/msk-users/" and call.operation != "CreateUser":
        context["aws:ResourceTag/octopus:fabric"] = call.institution
    if call.operation in _WITH_BOUNDARY:
        held = f"{_IAM}:policy/octopus-{call.institution}-principal-boundary"
        told = "none" if call.operation == "CreateUser" else held
        context["iam:PermissionsBoundary"] = params.get("PermissionsBoundary", told)
    if call.operation in ("AttachUserPolicy", "DetachUserPolicy"):
        context["iam:PolicyARN"] = params["PolicyArn"]
    return context


def _tags(params: Params) -> dict[str, str]:
    return {f"aws:RequestTag/{tag['Key']}": tag["Value"] for tag in params.get("Tags", ())}


def _kms(call: Call) -> Iterator[Request]:
    context = {
        f"kms:EncryptionContext:{key}": v for key, v in call.params.get("EncryptionContext", {}).items()
    }
    yield _request(f"kms:{call.operation}", call.params.get("KeyId", "*"), context)


def _sts(call: Call) -> Iterator[Request]:
    if call.operation == "GetCallerIdentity":  # asks for no right
        return
    named = {"sts:RoleSessionName": call.params["RoleSessionName"]}
    if "SourceIdentity" in call.params:
        named["sts:SourceIdentity"] = call.params["SourceIdentity"]
        yield _request("sts:SetSourceIdentity", call.params["RoleArn"], named)
    if "Tags" in call.params:
        yield _request("sts:TagSession", call.params["RoleArn"], named)
    yield _request(f"sts:{call.operation}", call.params["RoleArn"], named)


def _secrets(call: Call) -> Iterator[Request]:
    # AWS adds six characters to the name.
    yield _request(
        f"secretsmanager:{call.operation}", _arn("secretsmanager", f"secret:{call.params['SecretId']}-AbCdEf")
    )


def _metrics(call: Call) -> Iterator[Request]:
    yield _request(f"cloudwatch:{call.operation}", "*", {"cloudwatch:namespace": call.params["Namespace"]})


def _mail(call: Call) -> Iterator[Request]:
    sender = call.params["FromEmailAddress"]
    identity = _arn("ses", f"identity/{sender.rpartition('@')[2]}")
    yield _request(f"ses:{call.operation}", identity, {"ses:FromAddress": sender})


def _parameters(call: Call) -> Iterator[Request]:
    for name in call.params.get("Names", [call.params.get("Name") or call.params.get("Path")]):
        yield _request(f"ssm:{call.operation}", _arn("ssm", f"parameter{name.rstrip('/')}"))


def _msk(call: Call) -> Iterator[Request]:
    yield _request(f"kafka:{call.operation}", call.params["ClusterArn"])


_ASKED = {
    "cloudwatch": _metrics,
    "dynamodb": _dynamodb,
    "iam": _iam,
    "kafka": _msk,
    "kms": _kms,
    "secretsmanager": _secrets,
    "sesv2": _mail,
    "ssm": _parameters,
    "sts": _sts,
}


def _request(action: str, resource: str, context: Mapping[str, str] | None = None) -> Request:
    return Request(action, resource, tuple(sorted((context or {}).items())))


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"

"""Template values as CloudFormation would fill them in, for one account, region and partition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_PSEUDO = {
    "AWS::AccountId": "111122223333",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::URLSuffix": "amazonaws.com",
}
_ARNS = {
    "AWS::DynamoDB::Table": "arn:aws:dynamodb:us-east-1:111122223333:table/{TableName}",
    "AWS::IAM::ManagedPolicy": "arn:aws:iam::111122223333:policy/{ManagedPolicyName}",
    "AWS::IAM::Role": "arn:aws:iam::111122223333:role/{RoleName}",
    "AWS::IAM::User": "arn:aws:iam::111122223333:user{Path}{UserName}",
    "AWS::KMS::Key": "arn:aws:kms:us-east-1:111122223333:key/credentials",
    "AWS::Logs::LogGroup": "arn:aws:logs:us-east-1:111122223333:log-group:{id}:*",
    "AWS::S3::Bucket": "arn:aws:s3:::{BucketName}",
}
_NAMES = {
    "AWS::DynamoDB::Table": "TableName",
    "AWS::IAM::User": "UserName",
    "AWS::S3::Bucket": "BucketName",
}


def resolve(value: Any, resources: Mapping[str, Any]) -> Any:
    """Return ``value`` with every intrinsic replaced.

    Raises:
        KeyError: an intrinsic that these templates are not known to use.
    """
    if isinstance(value, list):
        return [resolve(item, resources) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Ref"}:
        return _reference(value["Ref"], resources)
    if set(value) == {"Fn::GetAtt"}:
        name, attribute = value["Fn::GetAtt"]
        if attribute != "Arn":
            raise KeyError(attribute)
        return _arn(name, resources)
    if set(value) == {"Fn::Join"}:
        separator, parts = value["Fn::Join"]
        return separator.join(resolve(part, resources) for part in parts)
    return {key: resolve(item, resources) for key, item in value.items()}


def _reference(name: str, resources: Mapping[str, Any]) -> str:
    if name in _PSEUDO:
        return _PSEUDO[name]
    kind = resources[name]["Type"]
    if kind == "AWS::IAM::ManagedPolicy":
        return _arn(name, resources)
    return str(resolve(resources[name]["Properties"][_NAMES[kind]], resources))


def _arn(name: str, resources: Mapping[str, Any]) -> str:
    resource = resources[name]
    return _ARNS[resource["Type"]].format(
        id=name, **{key: resolve(value, resources) for key, value in resource["Properties"].items()}
    )

"""Template values as CloudFormation would fill them in, for one account, region and partition."""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Formatter
from typing import Any

CLUSTER_UUID = "3712950b-569f-5b31-b460-c33cb93e1e66-2"
"""What MSK names a cluster after its making, which no template can know."""
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
    "AWS::MSK::Cluster": "arn:aws:kafka:us-east-1:111122223333:cluster/{ClusterName}/" + CLUSTER_UUID,
    "AWS::S3::Bucket": "arn:aws:s3:::{BucketName}",
}
_NAMES = {
    "AWS::DynamoDB::Table": "TableName",
    "AWS::IAM::User": "UserName",
    "AWS::S3::Bucket": "BucketName",
}
_REF_IS_ARN = ("AWS::IAM::ManagedPolicy", "AWS::MSK::Cluster", "AWS::SNS::Topic")

Templates = Mapping[str, Mapping[str, Any]]


def resolve(value: Any, resources: Mapping[str, Any], stacks: Templates | None = None) -> Any:
    """Return ``value`` with every intrinsic replaced.

    Args:
        value: of a template.
        resources: of the same template.
        stacks: every template by its stack's name, where one refers to another.

    Raises:
        KeyError: an intrinsic that these templates are not known to use.
    """
    if isinstance(value, list):
        return [resolve(item, resources, stacks) for item in value]
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
        return separator.join(resolve(part, resources, stacks) for part in parts)
    if set(value) == {"Fn::Sub"}:
        return re.sub(r"\$\{([A-Za-z0-9:]+)\}", lambda name: _reference(name[1], resources), value["Fn::Sub"])
    if set(value) == {"Fn::Select"}:
        position, items = value["Fn::Select"]
        return resolve(items, resources, stacks)[int(position)]
    if set(value) == {"Fn::Split"}:
        separator, whole = value["Fn::Split"]
        return resolve(whole, resources, stacks).split(separator)
    if set(value) == {"Fn::GetStackOutput"}:
        named = value["Fn::GetStackOutput"]
        other = (stacks or {})[named["StackName"]]
        return resolve(other["Outputs"][named["OutputName"]]["Value"], other["Resources"], stacks)
    return {key: resolve(item, resources, stacks) for key, item in value.items()}


def _reference(name: str, resources: Mapping[str, Any]) -> str:
    if name in _PSEUDO:
        return _PSEUDO[name]
    kind = resources[name]["Type"]
    if kind in _REF_IS_ARN:
        return _arn(name, resources)
    if kind not in _NAMES:  # what AWS names
        return name
    return str(resolve(resources[name]["Properties"][_NAMES[kind]], resources))


def _arn(name: str, resources: Mapping[str, Any]) -> str:
    resource = resources[name]
    service = resource["Type"].split("::")[1].lower()
    # Nobody asks about the rest by their names: one is as good as another.
    pattern = _ARNS.get(resource["Type"], f"arn:aws:{service}:us-east-1:111122223333:{{id}}")
    # A name that is not given is AWS's choice.
    told = {key: resource["Properties"].get(key, name) for _, key, _, _ in Formatter().parse(pattern) if key}
    return pattern.format(**resolve(told, resources) | {"id": name})

"""What holds state, and what of it CloudFormation replaces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

Resource = Mapping[str, Any]
"""A resource of a template."""

CLUSTER = "AWS::MSK::Cluster"

STATEFUL: Mapping[str, str] = {
    "AWS::ApiGateway::DomainName": "the address that people know; there is one of a name at a time",
    "AWS::ApiGateway::RestApi": "its id is in the address that people know, where there is no domain",
    "AWS::DynamoDB::GlobalTable": "rows",
    "AWS::DynamoDB::Table": "rows",
    "AWS::EC2::Subnet": "brokers never leave their subnets: another cluster would be asked for",
    "AWS::EC2::VPC": "its subnets",
    "AWS::IAM::ManagedPolicy": "it has a name, which another one cannot have while it is attached",
    "AWS::IAM::User": "keys made for it outside the stacks",
    "AWS::KMS::Key": "what it encrypted is lost with it",
    "AWS::MSK::Cluster": "records",
    "AWS::MSK::Configuration": "its revisions, one of which the brokers use",
    "AWS::MSK::ServerlessCluster": "records",
    "AWS::S3::Bucket": "objects",
    "AWS::SecretsManager::Secret": "secrets put in by hand",
    "AWS::SNS::Subscription": "somebody confirmed it; another one of the same address ends with this one",
    "AWS::SNS::Topic": "subscriptions that people confirmed",
    "AWS::SQS::Queue": "messages",
}
"""Types of which every resource counts, and what would be lost with one."""

KEPT_BY: Mapping[str, tuple[str, ...]] = {
    "AWS::DynamoDB::Table": (
        "/DeletionProtectionEnabled",
        "/PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled",
    ),
    "AWS::KMS::Key": ("/EnableKeyRotation",),
    "AWS::S3::Bucket": ("/VersioningConfiguration/Status",),
}
"""Properties that keep what a resource holds from being lost."""

ENDED_BY: Mapping[str, tuple[str, ...]] = {
    "AWS::DynamoDB::GlobalTable": ("/TimeToLiveSpecification",),
    "AWS::DynamoDB::Table": (
        "/PointInTimeRecoverySpecification/RecoveryPeriodInDays",
        "/TimeToLiveSpecification",
    ),
    "AWS::KMS::Key": ("/Enabled",),
    "AWS::Logs::LogGroup": ("/RetentionInDays",),
    "AWS::S3::Bucket": ("/LifecycleConfiguration",),
}
"""Properties by which something ends; without them, and with a greater number, nothing ends sooner."""

FIXED: Mapping[str, tuple[str, ...]] = {
    "AWS::KMS::Key": ("/KeySpec", "/KeyUsage", "/MultiRegion", "/Origin"),
}
"""Properties of which CloudFormation refuses another value. Source: its reference of each type."""

_KEEPING = ("Retain", "RetainExceptOnCreate", "Snapshot")


def holds_state(resource: Resource) -> bool:
    """Return whether something is lost with it: by its type, or since its author had it retained."""
    return resource["Type"] in STATEFUL or keeps(resource.get("DeletionPolicy"))


def keeps(policy: object) -> bool:
    """Return whether a deletion or update-replace policy leaves the resource, or a copy, behind."""
    return policy in _KEEPING


def set_at_creation(resource: Resource) -> dict[str, Any]:
    """Return its properties that a change of would replace it, by their path: ``/TableName``.

    Those that replace under a condition count too. Source: ``createOnlyProperties`` and
    ``conditionalCreateOnlyProperties`` of CloudFormation's registry schemas, which cfn-lint brings along.
    """
    properties, type_ = resource.get("Properties", {}), resource["Type"]
    paths = [*_paths(type_, "createOnlyProperties", "conditionalCreateOnlyProperties"), *FIXED.get(type_, ())]
    found = {path: at(properties, path) for path in sorted(paths)}
    found["/AttributeDefinitions"] = _types_of_keys(properties) if "/KeySchema" in found else None
    return {path: value for path, value in found.items() if value is not None}


def name_of(resource: Resource) -> dict[str, Any]:
    """Return what of its properties there can be one of at a time, by their path; empty where AWS names it.

    Source: ``primaryIdentifier`` of the registry schemas, where a template gives all of it, and names among
    ``createOnlyProperties``.
    """
    properties, type_ = resource.get("Properties", {}), resource["Type"]
    identifier = {path: at(properties, path) for path in sorted(_paths(type_, "primaryIdentifier"))}
    if identifier and None not in identifier.values():
        return identifier
    names = [path for path in sorted(_paths(type_, "createOnlyProperties")) if path.endswith("Name")]
    # What is not written out is the name of something else, to which this belongs.
    return {path: value for path in names if isinstance(value := at(properties, path), str)}


def _types_of_keys(properties: Mapping[str, Any]) -> dict[str, str] | None:
    """Return the types of a table's keys: the schema does not say that another type is another table.

    Source: AWS CloudFormation User Guide, ``AWS::DynamoDB::Table``, ``AttributeDefinitions``.
    """
    keys = [key["AttributeName"] for key in properties.get("KeySchema", ())]
    types = {one["AttributeName"]: one["AttributeType"] for one in properties.get("AttributeDefinitions", ())}
    return {key: types[key] for key in keys if key in types} or None


def at(properties: Mapping[str, Any], path: str) -> Any:
    """Return what stands at a path of properties; none where nothing does."""
    value: Any = properties
    for name in path.removeprefix("/").split("/"):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def attributes(cluster: Resource, resources: Mapping[str, Resource]) -> dict[str, Any]:
    """Return what MSK would change of a cluster, by name; it changes one of them at a time.

    A configuration counts as what it says, since the cluster takes each revision of it as a change.
    Tags are changed beside anything.

    Args:
        resources: those of the same template.
    """
    properties = dict(cluster["Properties"])
    properties.pop("Tags", None)
    group = properties.pop("BrokerNodeGroupInfo", {})
    found = {**properties, **{f"BrokerNodeGroupInfo/{name}": value for name, value in group.items()}}
    for name, value in found.items():
        there = [resources[id_] for id_ in dict.fromkeys(references(value)) if id_ in resources]
        said = [one["Properties"] for one in there if one["Type"] == "AWS::MSK::Configuration"]
        if said:
            found[name] = [value, *said]
    return found


def references(value: Any) -> Iterator[str]:
    """Yield the logical ids, and the names of other stacks' exports, that a value refers to."""
    if isinstance(value, dict):
        if "Ref" in value:
            yield value["Ref"]
        elif "Fn::GetAtt" in value:
            yield value["Fn::GetAtt"][0]
        elif "Fn::ImportValue" in value:
            yield value["Fn::ImportValue"]
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def imported(value: Any) -> Iterator[str]:
    """Yield the names of other stacks' exports that a value asks for."""
    if isinstance(value, dict):
        if isinstance(name := value.get("Fn::ImportValue"), str):
            yield name
        for each in value.values():
            yield from imported(each)
    elif isinstance(value, list):
        for each in value:
            yield from imported(each)


def _paths(type_: str, *lists: str) -> list[str]:
    """Return the properties that stand in lists of a type's schema, by their path."""
    if type_.startswith("Custom::"):
        return []
    # One region's schemas stand for all: what replaces a resource is the same everywhere.
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", type_).schema
    return [path.removeprefix("/properties") for each in lists for path in schema.get(each, [])]
